/** What a Redis says about its append-only file. Sizes are bytes. */
export type AofState =
  | {
      readonly kind: 'on';
      /** Confirmed, but not yet handed to the operating system. */
      readonly pending: number;
      /** Handed to the operating system. Grows with every write, until a rewrite sets it anew. */
      readonly size: number;
      /** The size after the latest rewrite. */
      readonly baseSize: number;
    }
  | { readonly kind: 'none'; readonly reason: string };

/** Reads the answer to INFO persistence. */
export function readAofState(info: string): AofState {
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  if (field('aof_enabled') !== 1) return { kind: 'none', reason: 'its append-only file is switched off' };
  const pending = field('aof_buffer_length');
  const size = field('aof_current_size');
  const baseSize = field('aof_base_size');
  if ([pending, size, baseSize].some(Number.isNaN)) {
    return { kind: 'none', reason: 'it does not tell the state of its append-only file' };
  }
  return { kind: 'on', pending, size, baseSize };
}
