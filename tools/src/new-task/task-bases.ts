import type { TaskWords } from './task-words.ts';

/** What differs between the handlers that `npm run new:task` writes. */
export interface TaskBase {
  readonly className: string;
  /** Fields of the parameters, as lines of a class. */
  readonly fields: string;
  /** The rules those fields use. */
  readonly rules: readonly string[];
  /** Parameters that are good, as an object. */
  readonly sample: string;
  /** Parameters that are not: what is wrong with them, and the object. */
  readonly refused: readonly (readonly [what: string, object: string])[];
  /** Further lines of the catalog entry. */
  readonly entry?: string;
  /** What the handler imports beside its base class and entry, by package. */
  readonly imports?: Readonly<Record<string, readonly string[]>>;
  readonly typeImports: readonly string[];
  /** Methods of the handler. */
  readonly methods: (words: TaskWords) => string;
  /** What else a person has to do. */
  readonly todo?: string;
}

const OF_USER = {
  fields: '/** The user it is done for. */\n@Id() user_id!: number;',
  rules: ['Id'],
  sample: '{ user_id: 1 }',
  refused: [
    ['no user', '{}'],
    ['a user that is none', "{ user_id: 'somebody' }"],
  ],
} as const;

const NOT_WRITTEN = 'Promise.reject(new TaskNotWrittenError(ctx.taskName))';

/** Every kind of handler. Each shows what its base class is for and leaves one step to write, which fails until then. */
export const TASK_BASES = {
  plain: {
    className: 'BaseTask',
    ...OF_USER,
    typeImports: ['TaskContext'],
    methods: ({ params }) => `
  run(_params: ${params}, ctx: TaskContext): Promise<void> {
    return ${NOT_WRITTEN};
  }`,
  },
  broadcast: {
    className: 'BroadcastTask',
    ...OF_USER,
    typeImports: ['TaskContext'],
    methods: ({ params }) => `
  async run({ user_id }: ${params}, ctx: TaskContext): Promise<void> {
    const data = await this.news(user_id, ctx);
    await this.broadcastToUser({ userId: user_id, messageType: 'task_complete', data });
  }

  /** What the user is told. */
  private news(_userId: number, ctx: TaskContext): Promise<object> {
    return ${NOT_WRITTEN};
  }`,
  },
  external: {
    className: 'ExternalServiceTask',
    ...OF_USER,
    typeImports: ['TaskContext'],
    methods: ({ params }) => `
  async run({ user_id }: ${params}, ctx: TaskContext): Promise<void> {
    const request = await this.request(user_id, ctx);
    await this.externalServiceCall('name_of_the_service', { timeoutMs: 10_000 }, (signal) =>
      fetch(request, { signal }),
    );
  }

  /** What the service is asked. */
  private request(_userId: number, ctx: TaskContext): Promise<Request> {
    return ${NOT_WRITTEN};
  }`,
    todo: 'Name the service in the circuit catalog, and say which of its answers count as failures.',
  },
  idempotent: {
    className: 'IdempotentTask',
    ...OF_USER,
    entry: "idempotency: { scope: 'user', category: 'default' },",
    typeImports: ['TaskContext'],
    methods: ({ params }) => `
  run(_params: ${params}, ctx: TaskContext): Promise<void> {
    return ${NOT_WRITTEN};
  }`,
  },
  report: {
    className: 'ReportTask',
    ...OF_USER,
    imports: { 'node:fs/promises': ['appendFile'], 'node:path': ['join'] },
    typeImports: ['ReportContext'],
    methods: ({ params }) => `
  protected async write({ user_id }: ${params}, ctx: ReportContext): Promise<void> {
    const pages = await this.pages(user_id, ctx);
    for (const [index, page] of pages.entries()) {
      ctx.signal.throwIfAborted();
      await appendFile(join(ctx.directory, 'report.txt'), page);
      ctx.pageProgress(index + 1, pages.length);
    }
  }

  /** What the report says, page by page. */
  private pages(_userId: number, ctx: ReportContext): Promise<string[]> {
    return ${NOT_WRITTEN};
  }`,
    todo: 'Hand the report over before `write` returns: its directory is removed with the run.',
  },
  email: {
    className: 'EmailTask',
    fields: '/** Who gets it. */\n@Text(254) email!: string;',
    rules: ['Text'],
    sample: "{ email: 'ann@example.com' }",
    refused: [
      ['nobody', '{}'],
      ['a number', '{ email: 5 }'],
    ],
    typeImports: ['Email', 'TaskContext'],
    methods: ({ params }) => `
  async run({ email }: ${params}, ctx: TaskContext): Promise<void> {
    const { subject, text } = await this.wording(ctx);
    await this.sendEmail({ to: [email], subject, text }, ctx);
  }

  /** What the email says. */
  private wording(ctx: TaskContext): Promise<Pick<Email, 'subject' | 'text'>> {
    return ${NOT_WRITTEN};
  }`,
    todo: 'Provide MAIL_TRANSPORT in a global module of the app: without it the app does not start.',
  },
  maintenance: {
    className: 'MaintenanceTask',
    fields: '/** Everything older than this goes. */\n@IntegerFrom(1, 3_650) older_than_days!: number;',
    rules: ['IntegerFrom'],
    sample: '{ older_than_days: 90 }',
    refused: [
      ['no age', '{}'],
      ['an age of zero', '{ older_than_days: 0 }'],
    ],
    typeImports: ['BatchOutcome', 'TaskContext'],
    methods: ({ params }) => `
  run(_params: ${params}, ctx: TaskContext): Promise<BatchOutcome> {
    const notWritten = (): Promise<never> => ${NOT_WRITTEN};
    return this.inBatches(ctx, {
      batchSize: 500,
      next: notWritten,
      onBatch: notWritten,
      countLeft: notWritten,
    });
  }`,
  },
} as const satisfies Record<string, TaskBase>;

export type TaskBaseName = keyof typeof TASK_BASES;
