/** What the exit code tells a script. */
export const EXIT = {
  ok: 0,
  /** The question was understood and answered, and the answer is not good; or the wish could not be fulfilled. */
  problem: 1,
  /** The command was not understood, or something it needs is missing: nothing was done. */
  usage: 2,
  /** Redis, Postgres or the broker does not answer. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
