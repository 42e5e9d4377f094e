/**
 * Makes `total` calls with `width` of them under way at any time.
 * @returns calls per second
 */
export async function inFlight(
  total: number,
  width: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  let begun = 0;
  const callOneAfterAnother = async (): Promise<void> => {
    while (begun < total) {
      const index = begun;
      begun += 1;
      await call(index);
    }
  };
  await Promise.all(Array.from({ length: width }, callOneAfterAnother));
  return total / ((performance.now() - startedAt) / 1000);
}
