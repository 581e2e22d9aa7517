// The parts of a start: what is still under way, and one report when a part is done.

export interface Report {
  /** Such as `template` or `endpoint`. */
  readonly part: string;
  readonly detail: string;
  readonly ms: number;
}

export interface Progress {
  /** The parts that have begun and are not done, and those announced and not begun. */
  readonly pending: ReadonlySet<string>;
  announce(...parts: readonly string[]): void;
  /** Runs one part, times it and reports it. Nothing is reported for a part that fails. */
  step<Result>(
    part: string,
    work: () => Promise<Result> | Result,
    detail: (result: Result) => string,
  ): Promise<Result>;
}

export function createProgress(onProgress: (report: Report) => void): Progress {
  const pending = new Set<string>();
  return {
    pending,
    announce: (...parts) => parts.forEach((part) => void pending.add(part)),
    async step(part, work, detail) {
      const begunMs = performance.now();
      pending.add(part);
      const result = await work();
      pending.delete(part);
      onProgress({ part, detail: detail(result), ms: performance.now() - begunMs });
      return result;
    },
  };
}
