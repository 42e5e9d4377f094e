import { REPOSITORY_ROOT } from '@bus/testing';
import { describe, expect, it } from 'vitest';
import { SourceEdit } from './edit-source.ts';
import { NewTaskRefusedError } from './new-task.errors.ts';
import { readOptions } from './new-task-options.ts';
import type { NewTaskOptions } from './new-task-options.ts';
import { planNewTask } from './plan-new-task.ts';
import { taskWords } from './task-words.ts';

describe('the command line of new:task', () => {
  it('needs a name and a queue, and knows the rest', () => {
    expect(readOptions(['send_invoice', '--queue', 'email'])).toEqual({
      name: 'send_invoice',
      queue: 'email',
      base: 'plain',
      app: 'task-worker',
      area: 'send-invoice',
    });
    expect(
      readOptions(['send_invoice', '--queue=email', '--base=email', '--app=billing', '--area=invoices']),
    ).toMatchObject({ base: 'email', app: 'billing', area: 'invoices' });
  });

  it.each([
    [[], 'give one name'],
    [['one_task', 'two_tasks'], 'give one name'],
    [['invoice', '--queue=email'], 'two or more words'],
    [['Send_Invoice', '--queue=email'], 'snake_case'],
    [['send-invoice', '--queue=email'], 'snake_case'],
    [['send__invoice', '--queue=email'], 'snake_case'],
    [['../../send_invoice', '--queue=email'], 'snake_case'],
    [[`send_${'x'.repeat(60)}`, '--queue=email'], 'at most 64'],
    [['send_invoice'], '--queue is one of critical'],
    [['send_invoice', '--queue=mail'], '--queue is one of critical'],
    [['send_invoice', '--queue=email', '--base=toString'], '--base is one of plain'],
    [['send_invoice', '--queue=email', '--app=../libs'], 'no app'],
    [['send_invoice', '--queue=email', '--area=../x'], 'kebab-case'],
    [['send_invoice', '--queue=email', '--priority=3'], 'priority'],
  ])('refuses %j', (args, why) => {
    expect(() => readOptions(args)).toThrow(NewTaskRefusedError);
    expect(() => readOptions(args)).toThrow(why);
  });
});

describe('the plan of a new task', () => {
  const options: NewTaskOptions = {
    name: 'send_invoice',
    queue: 'email',
    base: 'plain',
    app: 'task-worker',
    area: 'invoices',
  };
  const plan = (changes: Partial<NewTaskOptions>) => planNewTask(REPOSITORY_ROOT, { ...options, ...changes });

  it('is everything a task needs', () => {
    const { created, changed } = plan({});
    expect([...created.keys()]).toEqual([
      'libs/payload-schemas/src/jobs/send-invoice.job.ts',
      'libs/task-base/src/catalog/send-invoice.ts',
      'apps/task-worker/src/invoices/send-invoice.task.ts',
      'apps/task-worker/src/invoices/send-invoice.spec.ts',
      'apps/task-worker/src/invoices/invoices.module.ts',
    ]);
    expect([...changed.keys()]).toEqual([
      'libs/payload-schemas/src/index.ts',
      'libs/payload-schemas/src/samples/sample-messages.ts',
      'libs/task-base/src/catalog/task-catalog.ts',
      'libs/task-base/src/index.ts',
      'apps/task-worker/src/app.module.ts',
    ]);
  });

  it.each([
    [{ name: 'process_device_alert' }, "there is a task 'process_device_alert' already"],
    [{ name: 'task_catalog' }, 'exports a TASK_CATALOG already'],
    [{ name: 'device_alert' }, 'exports a DeviceAlertJob already'],
    [{ app: 'ws-gateway' }, 'no app that runs tasks'],
    [{ app: 'nowhere' }, 'no app that runs tasks'],
  ])('refuses %j', (changes, why) => {
    expect(() => plan(changes)).toThrow(NewTaskRefusedError);
    expect(() => plan(changes)).toThrow(why);
  });
});

describe('taskWords', () => {
  it('gives each file its form of the name', () => {
    expect(taskWords('send_invoice_2')).toEqual({
      name: 'send_invoice_2',
      file: 'send-invoice-2',
      handler: 'SendInvoice2',
      params: 'SendInvoice2Job',
      entry: 'SEND_INVOICE_2',
    });
  });
});

describe('SourceEdit', () => {
  const edit = (...lines: string[]) => new SourceEdit('x.ts', lines.join('\n'));

  it('puts a line in order among its kind, before a statement of many lines too', () => {
    const source = edit("import { B } from './b.ts';", 'import {', '  D,', "} from './d.ts';", 'done();');
    expect(source.addFrom("import { C } from './c.ts';", './').result.split('\n')).toEqual([
      "import { B } from './b.ts';",
      "import { C } from './c.ts';",
      'import {',
      '  D,',
      "} from './d.ts';",
      'done();',
    ]);
  });

  it('puts the last of its kind at their end', () => {
    const source = edit("export { A } from './a.ts';", "export { X } from 'node:path';");
    expect(source.addFrom("export { Z } from './z.ts';", './').result.split('\n')[1]).toBe(
      "export { Z } from './z.ts';",
    );
  });

  it('adds to the end of the list around a mark', () => {
    const text = 'imports: [A.forRoot({ list: [1], mark }), B],\nproviders: []';
    expect(edit(text).addItem('C', 'A.forRoot(').result).toBe(
      'imports: [A.forRoot({ list: [1], mark }), B,\nC,\n],\nproviders: []',
    );
    expect(edit(text).addItem('P', 'providers: [').result).toContain('providers: [\nP,\n]');
  });

  it('refuses a file it does not understand', () => {
    expect(() => edit('nothing').addItem('C', 'providers: [')).toThrow('x.ts has not a list');
    expect(() => edit('nothing').addFrom("import { C } from './c.ts';", './')).toThrow('x.ts has not');
  });
});
