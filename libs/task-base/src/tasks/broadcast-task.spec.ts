import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ChannelLayer } from '@bus/channel-layer';
import { describe, expect, it } from 'vitest';
import { BaseTask } from './base-task.ts';
import { BroadcastTask } from './broadcast-task.ts';
import { withBroadcasts } from './broadcasts.ts';
import { enterScope } from '../chain/enter-scope.ts';
import { taskRun } from '../fixtures/task-run.fixture.ts';

class Speaker extends BroadcastTask<object, unknown> {
  async run(): Promise<unknown> {
    return [
      await this.broadcastToGroup({ groupName: 'noc_dashboard', messageType: 'system_alert', data: {} }),
      await this.broadcastMany([
        { groupName: 'tenant_1', messageType: 'tenant_alert', data: {}, taskId: 'another' },
      ]),
      await this.broadcastToUser({ userId: 1, messageType: 'task_complete', data: {} }),
      await this.broadcastToTenant({ tenantId: 1, messageType: 'tenant_alert', data: {} }),
      await this.broadcastToNocDashboard({ messageType: 'system_alert', data: {} }),
      await this.broadcastTaskProgress({ userId: 1, progress: 10 }),
    ];
  }
}

/** A channel layer that answers with the task it was told. */
function echoing(): ChannelLayer {
  const task = ({ taskId, taskName }: { taskId?: string; taskName?: string }) =>
    Promise.resolve([taskId, taskName]);
  return {
    broadcastToGroup: task,
    broadcastMany: (broadcasts: object[]) => Promise.all(broadcasts.map(task)),
    broadcastToUser: task,
    broadcastToTenant: task,
    broadcastToNocDashboard: task,
    broadcastTaskProgress: task,
  } as unknown as ChannelLayer;
}

describe('BroadcastTask', () => {
  const speaker = Object.assign(new Speaker(), { channelLayer: echoing() });

  it('signs every broadcast with the running task, unless the broadcast names another one', async () => {
    const mine = ['job-1', 'speak'];
    expect(await enterScope(taskRun({ jobId: 'job-1', taskName: 'speak' }), () => speaker.run())).toEqual([
      mine,
      [['another', 'speak']],
      mine,
      mine,
      mine,
      mine,
    ]);
  });

  it('keeps runs of the same instance apart', async () => {
    const runs = ['job-1', 'job-2'].map((taskId) =>
      enterScope(taskRun({ jobId: taskId, taskName: 'speak' }), () => speaker.run()),
    );
    const signed = (await Promise.all(runs)) as [string, string][][];
    expect(signed.map(([first]) => first?.[0])).toEqual(['job-1', 'job-2']);
  });
});

describe('withBroadcasts', () => {
  @Injectable()
  class Dictionary {
    readonly word = 'hello';
  }

  abstract class TalkativeTask<P extends object, R = void> extends BaseTask<P, R> {
    protected say(text: string): string {
      return `${this.constructor.name} says ${text}`;
    }
  }

  @Injectable()
  class Greeter extends withBroadcasts(TalkativeTask)<object, unknown> {
    constructor(private readonly dictionary: Dictionary) {
      super();
    }

    async run(): Promise<unknown> {
      return [
        this.say(this.dictionary.word),
        await this.broadcastToUser({ userId: 1, messageType: 'task_complete', data: {} }),
      ];
    }
  }

  it('adds the methods to any base class, which stays what it was', async () => {
    class App {}
    const providers = [Dictionary, Greeter, { provide: ChannelLayer, useFactory: echoing }];
    const app = await NestFactory.createApplicationContext({ module: App, providers }, { logger: false });
    const greeter = app.get(Greeter);
    expect(greeter).toBeInstanceOf(TalkativeTask);
    expect(await enterScope(taskRun({ jobId: 'job-1', taskName: 'greet' }), () => greeter.run())).toEqual([
      'Greeter says hello',
      ['job-1', 'greet'],
    ]);
  });

  it('leaves the base class itself alone', () => {
    expect('broadcastToUser' in TalkativeTask.prototype).toBe(false);
    expect('broadcastToUser' in BaseTask.prototype).toBe(false);
  });
});
