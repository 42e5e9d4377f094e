import type { KeptDeadLetter } from '@bus/database';
import { redact } from '@bus/observability';
import type { JobView, LetterOutcome } from '@bus/task-base';
import { printable } from '../output/printable.ts';
import { paint, type Screen } from '../output/screen.ts';
import { fields, table, type Cell } from '../output/table.ts';
import { ago, counted, moment } from '../output/words.ts';

export function letterTable(screen: Screen, letters: readonly KeptDeadLetter[], limit: number): string {
  const rows = letters.map((letter) => [
    letter.deadLetterId,
    letter.queue,
    letter.taskName,
    ago(letter.failedAt),
    letter.attempts,
    letter.status === 'open' ? letter.reason : `${letter.reason} (${letter.status})`,
    letter.detail,
  ]);
  const columns = [
    { title: 'no.', align: 'right' },
    { title: 'queue' },
    { title: 'task', shrinks: 'id' },
    { title: 'ago', align: 'right' },
    { title: 'runs', align: 'right' },
    { title: 'reason', shrinks: 'id' },
    { title: 'detail', shrinks: 'text' },
  ] as const;
  return `${table(screen, columns, rows)}\n${tableEnd(letters.length, limit)}`;
}

export function letterDetails(screen: Screen, letter: KeptDeadLetter, job: JobView | undefined): string {
  const entries: [string, Cell][] = [
    ['dead letter', letter.deadLetterId],
    ['status', { text: letter.status, style: letter.status === 'open' ? 'warning' : 'quiet' }],
    ['task', letter.taskName],
    ['queue', letter.queue],
    ['job', letter.jobId],
    ['job in Redis', job?.state ?? 'gone'],
    ['correlation id', letter.correlationId ?? '-'],
    ['failed', `${moment(letter.failedAt)} (${ago(letter.failedAt)} ago)`],
    ['runs', letter.attempts],
    ['reason', { text: letter.reason, style: 'bad' }],
    ['detail', letter.detail],
    ...(letter.handledAt === null ? [] : [['handled', moment(letter.handledAt)] as [string, Cell]]),
  ];
  const params = JSON.stringify(redact(letter.params), null, 2).split('\n').map(printable).join('\n');
  return [fields(screen, entries), '', paint(screen, 'quiet', 'PARAMETERS'), params].join('\n');
}

export function outcomeText(outcome: LetterOutcome): string {
  switch (outcome.kind) {
    case 'job-retried':
      return `${outcome.jobId} waits in its queue again`;
    case 'job-enqueued':
      return `${outcome.jobId} was enqueued anew: Redis had it no more`;
    case 'not-dead':
      return `its job is ${outcome.state} already; only the letter was closed`;
    case 'discarded':
      return outcome.jobRemoved ? 'discarded, with its failed job' : 'discarded; its failed job was gone';
    case 'closed-before':
      return `was ${outcome.status} before`;
    case 'missing':
      return 'there is no such letter';
    case 'impossible':
      return `stays open: ${outcome.why}`;
    default:
      return outcome satisfies never;
  }
}

function tableEnd(count: number, limit: number): string {
  if (count === limit) return `The latest ${limit}; there may be more (--limit).`;
  return count === 0 ? 'None found.' : `${counted(count, 'dead letter')}.`;
}
