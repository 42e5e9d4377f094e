/** An AbortSignal that costs nothing until somebody wants it; most runs are never ended from outside. */
export class LateSignal {
  private listener: (() => void) | undefined;
  private controller: AbortController | undefined;
  private why: Error | undefined;

  /** Undefined until it is aborted; of several reasons the first. */
  get reason(): Error | undefined {
    return this.why;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.why !== undefined) this.controller.abort(this.why);
    }
    return this.controller.signal;
  }

  abort(reason: Error): void {
    if (this.why !== undefined) return;
    this.why = reason;
    this.controller?.abort(reason);
    this.listener?.();
  }

  /** Calls `listener`, the only one there is from now on, when it is aborted. Not for a signal that is aborted already. */
  onAbort(listener: () => void): void {
    this.listener = listener;
  }
}
