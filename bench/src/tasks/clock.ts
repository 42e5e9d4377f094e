/** Milliseconds of the machine's steady clock (CLOCK_MONOTONIC): the same in every process, and no time service moves it. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
