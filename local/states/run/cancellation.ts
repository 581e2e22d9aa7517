// Ends what is under way inside an execution: a stop, a timeout, a sibling's failure. A tree, as the frames are.

/** Thrown inside whatever was cancelled; never caught by a state's Catch. */
export class Cancelled extends Error {}

export class Cancellation {
  private readonly parent: Cancellation | undefined;
  private children: Set<Cancellation> | undefined;
  private listeners: Set<() => void> | undefined;
  isCancelled = false;

  constructor(parent?: Cancellation) {
    this.parent = parent;
    if (parent === undefined) return;
    parent.children ??= new Set();
    parent.children.add(this);
    this.isCancelled = parent.isCancelled;
  }

  cancel(): void {
    if (this.isCancelled) return;
    this.isCancelled = true;
    for (const listener of this.listeners ?? []) listener();
    for (const child of this.children ?? []) child.cancel();
    this.release();
  }

  /** Forgets this branch of the tree once its work is over. */
  release(): void {
    this.parent?.children?.delete(this);
  }

  /** Calls the listener when it happens; at once when it has happened. @returns what forgets the listener */
  onCancel(listener: () => void): () => void {
    if (this.isCancelled) {
      listener();
      return () => {};
    }
    this.listeners ??= new Set();
    this.listeners.add(listener);
    return () => this.listeners?.delete(listener);
  }

  /** @throws Cancelled */
  check(): void {
    if (this.isCancelled) throw new Cancelled();
  }

  /** The promise's outcome, or Cancelled as soon as that happens. */
  guard<T>(promise: Promise<T>): Promise<T> {
    if (this.isCancelled) {
      // Nobody is left to hear how it fails.
      promise.catch(() => {});
      return Promise.reject(new Cancelled());
    }
    return new Promise((resolve, reject) => {
      const forget = this.onCancel(() => reject(new Cancelled()));
      promise.then(
        (value) => {
          forget();
          resolve(value);
        },
        (thrown: unknown) => {
          forget();
          reject(thrown);
        },
      );
    });
  }
}
