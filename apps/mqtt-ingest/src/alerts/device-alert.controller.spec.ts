import { TOPICS } from '@bus/topic-whitelist';
import { describe, expect, it, vi } from 'vitest';
import type { CheckedMessage } from '../checks/check-message.ts';
import type { EnqueueLane } from '../lanes/enqueue-lane.ts';
import type { EnqueueLanes } from '../lanes/enqueue-lanes.ts';
import { DeviceAlertController } from './device-alert.controller.ts';
import type { ExpressAlerts } from './express-alerts.ts';

const MESSAGE: CheckedMessage = {
  definition: TOPICS.device_alert,
  topic: 'alert/panic/dev-1',
  params: { alertType: 'panic', sourceId: 'dev-1' },
  sourceId: 'dev-1',
  messageId: 'm-1',
  receivedAt: new Date(),
  deviceTime: null,
  clockSuspect: false,
  payload: {},
  bytes: 2,
};

function controllerOver(lane: { currentFailure?: Error }, isOpen: boolean) {
  const steps: string[] = [];
  const submit = vi.fn<EnqueueLane<{ params: object }>['submit']>(() => {
    steps.push('enqueued');
    return Promise.resolve({ kind: 'enqueued', duplicate: false });
  });
  const express = { canTake: () => isOpen, send: () => void steps.push('sent ahead') };
  const controller = new DeviceAlertController(
    { singles: () => ({ ...lane, submit }) } as unknown as EnqueueLanes,
    express as unknown as ExpressAlerts,
  );
  return { controller, steps, params: () => submit.mock.calls[0]?.[0].params };
}

describe('DeviceAlertController', () => {
  it('enqueues first, sends ahead then, and says so in the job', async () => {
    const { controller, steps, params } = controllerOver({}, true);
    await controller.handle(MESSAGE, { isHeld: true });
    expect(steps).toEqual(['enqueued', 'sent ahead']);
    expect(params()).toMatchObject({ message_id: 'm-1', express: true });
  });

  it.each([
    ['where the short way is closed', {}, false],
    ['while the queue takes nothing', { currentFailure: new Error('redis is away') }, true],
  ])('only enqueues %s', async (_when, lane, isOpen) => {
    const { controller, steps, params } = controllerOver(lane, isOpen);
    await controller.handle(MESSAGE, { isHeld: true });
    expect(steps).toEqual(['enqueued']);
    expect(params()).not.toHaveProperty('express');
  });
});
