import { isUnstorable, UnstorableError } from './unstorable.error.ts';

type InsertBatch<E> = (entries: readonly E[]) => Promise<{ readonly inserted: number }>;

/**
 * Stores a batch with one insert. When Postgres refuses the data itself, the batch is halved until the entries at fault are alone,
 * so one of them costs a few more inserts and not the rest of the batch.
 *
 * @throws UnstorableError after everything else is stored, naming the messages that could not be
 */
export async function storeBatch<E extends { readonly message_id: string }>(
  entries: readonly E[],
  insert: InsertBatch<E>,
): Promise<{ inserted: number }> {
  const refused: { entry: E; error: unknown }[] = [];
  const inserted = await storeHalving(entries, insert, (entry, error) => refused.push({ entry, error }));
  const [first] = refused;
  if (first !== undefined) {
    const ids = refused.map(({ entry }) => entry.message_id).join(', ');
    throw new UnstorableError(`${refused.length} of ${entries.length} messages (${ids})`, first.error);
  }
  return { inserted };
}

async function storeHalving<E>(
  entries: readonly E[],
  insert: InsertBatch<E>,
  refuse: (entry: E, error: unknown) => void,
): Promise<number> {
  try {
    return (await insert(entries)).inserted;
  } catch (error) {
    const [first] = entries;
    if (!isUnstorable(error) || first === undefined) throw error;
    if (entries.length === 1) {
      refuse(first, error);
      return 0;
    }
    const half = entries.length >> 1;
    const before = await storeHalving(entries.slice(0, half), insert, refuse);
    return before + (await storeHalving(entries.slice(half), insert, refuse));
  }
}
