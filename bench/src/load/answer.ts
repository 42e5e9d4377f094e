/** A promise that somebody else settles. One that is rejected while nobody waits for it is no unhandled rejection. */
export class Answer<T> {
  readonly promise: Promise<T>;
  #resolve: (value: T) => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => undefined);
  }

  give(value: T): void {
    this.#resolve(value);
  }

  refuse(reason: Error): void {
    this.#reject(reason);
  }
}
