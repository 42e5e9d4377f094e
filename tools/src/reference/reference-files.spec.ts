import { readFileSync } from 'node:fs';
import path from 'node:path';

import { CLIENT_REQUESTS, EVENT_TYPES } from '@bus/payload-schemas';
import { TASK_CATALOG } from '@bus/task-base';
import { ALL_TOPICS } from '@bus/topic-whitelist';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { renderAsyncApi } from './asyncapi.ts';
import { renderMetricsPage } from './metrics-page.ts';
import { renderTopicsPage } from './topics-page.ts';

const workspaceRoot = path.resolve(import.meta.dirname, '../../..');
const committed = (file: string): string => readFileSync(path.join(workspaceRoot, file), 'utf8');

describe('the generated reference', () => {
  it.each([
    ['docs/asyncapi.yaml', () => renderAsyncApi('0.1.0')],
    ['docs/reference/metrics.md', renderMetricsPage],
    ['docs/reference/topics.md', renderTopicsPage],
  ])('%s is what the code says', (file, render) => {
    expect(committed(file)).toBe(render());
  });

  it('has every topic, event, request and task in AsyncAPI exactly once, with nothing dangling', () => {
    const text = committed('docs/asyncapi.yaml');
    const document = parse(text) as {
      channels: Record<string, { address: string }>;
      components: { messages: Record<string, unknown>; schemas: Record<string, unknown> };
    };
    const addresses = Object.values(document.channels).map(({ address }) => address);
    for (const { template } of ALL_TOPICS)
      expect(addresses.filter((address) => address === template)).toHaveLength(1);
    const messages = Object.keys(document.components.messages);
    expect(messages).toHaveLength(
      ALL_TOPICS.length + EVENT_TYPES.length + Object.keys(CLIENT_REQUESTS).length + TASK_CATALOG.length,
    );
    for (const [, kind, name] of text.matchAll(/#\/components\/(messages|schemas)\/(\w+)/g)) {
      expect(document.components[kind as 'messages' | 'schemas'], `${kind} ${name}`).toHaveProperty(name!);
    }
  });
});
