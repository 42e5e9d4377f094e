/**
 * Calls `then` once the work has ended, well or not, and settles as the work does. What `finally` does with three more promises, which
 * is more than a whole link of the chain costs.
 */
export function whenSettled<T>(work: Promise<T>, then: () => void): Promise<T> {
  return work.then(
    (value) => {
      then();
      return value;
    },
    (error: unknown) => {
      then();
      throw error;
    },
  );
}
