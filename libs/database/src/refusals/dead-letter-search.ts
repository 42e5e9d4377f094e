import { sql, type RawBuilder, type SqlBool } from 'kysely';
import { storableJson, storableText } from '../storable-values.ts';

/** What letters must be like to be found; what is left out does not matter. */
export interface DeadLetterSearch {
  readonly jobId?: string;
  readonly queue?: string;
  readonly taskName?: string;
  readonly reason?: string;
  readonly correlationId?: string;
  readonly status?: 'open' | 'requeued' | 'discarded';
  readonly tenantId?: string;
  /** Parameters by dotted path, each to have this value; `"5"` is found as a text and as a number. */
  readonly params?: Readonly<Record<string, string>>;
  /** Failed at or after. */
  readonly from?: Date;
  /** Failed before. */
  readonly to?: Date;
  /** Letters before this one, to go on where a page ended. */
  readonly beforeId?: number;
  /** Most letters to return. */
  readonly limit: number;
}

/** The search as conditions over `dead_letters`, each of a form that has an index. */
export function conditionsOf(search: DeadLetterSearch): RawBuilder<SqlBool>[] {
  const equal = (column: string, value: string | undefined): RawBuilder<SqlBool>[] =>
    value === undefined ? [] : [sql<SqlBool>`${sql.ref(column)} = ${storableText(value)}`];
  return [
    ...equal('job_id', search.jobId),
    ...equal('queue', search.queue),
    ...byBeginning(sql`task_name`, search.taskName),
    ...equal('reason', search.reason),
    ...equal('correlation_id', search.correlationId),
    ...equal('status', search.status),
    ...byBeginning(sql`params ->> 'tenant_id'`, search.tenantId),
    ...Object.entries(search.params ?? {}).map(([path, value]) => holdsParam(path.split('.'), value)),
    ...(search.from === undefined ? [] : [sql<SqlBool>`failed_at >= ${search.from}`]),
    ...(search.to === undefined ? [] : [sql<SqlBool>`failed_at < ${search.to}`]),
    ...(search.beforeId === undefined ? [] : [sql<SqlBool>`id < ${search.beforeId}`]),
  ];
}

/** Equality in the form the indexes of long texts have. */
function byBeginning(column: RawBuilder<unknown>, value: string | undefined): RawBuilder<SqlBool>[] {
  if (value === undefined) return [];
  const text = storableText(value);
  return [sql<SqlBool>`left(${column}, 100) = left(${text}, 100)`, sql<SqlBool>`${column} = ${text}`];
}

/** Each level doubles what is asked for. */
const MAX_PATH_STEPS = 6;

/** Containment alone can use the index, so every reading of the path and the value is asked for. */
function holdsParam(path: readonly string[], value: string): RawBuilder<SqlBool> {
  if (path.length > MAX_PATH_STEPS) {
    throw new RangeError(
      `a parameter's path has at most ${MAX_PATH_STEPS} steps, '${path.join('.')}' has more`,
    );
  }
  const [field = '', ...rest] = path;
  const shapes = readingsOf(value).flatMap((reading) => shapesOf(rest, reading));
  const contains = shapes.map(
    (shape) => sql<SqlBool>`params @> ${storableJson({ [field]: shape })}::text::jsonb`,
  );
  return sql<SqlBool>`(${sql.join(contains, sql` or `)})`;
}

/** What a value typed by a person may be in JSON. */
function readingsOf(value: string): unknown[] {
  const readings: unknown[] = [value];
  if (value !== '' && Number.isFinite(Number(value))) readings.push(Number(value));
  if (value === 'true' || value === 'false') readings.push(value === 'true');
  if (value === 'null') readings.push(null);
  return readings;
}

/** Each level may be a value or a list of such; a number may be a place in a list, and which one then does not matter. */
function shapesOf([step, ...rest]: readonly string[], value: unknown): unknown[] {
  if (step === undefined) return [value, [value]];
  const inner = shapesOf(rest, value);
  const asField = inner.map((shape) => ({ [step]: shape }));
  const asItem = /^\d+$/.test(step) ? inner.filter(Array.isArray) : [];
  return [...asField, ...asField.map((shape) => [shape]), ...asItem];
}
