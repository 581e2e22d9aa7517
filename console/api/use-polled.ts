// What a component shows of the API: read when it appears, again when its key changes, and again and again while it is
// told to, but not while the tab is hidden. What was read last stays on the page when a later reading fails.
import { useCallback, useEffect, useRef, useState } from 'react';

export interface Polled<T> {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  /** Reads now. */
  reload(): void;
}

export interface PollOptions<T> {
  /** Another key is another thing: what was read before is forgotten. */
  readonly key: string;
  readonly read: (signal: AbortSignal) => Promise<T>;
  /** Milliseconds until the next reading, asked after each one; undefined reads no more. */
  readonly every?: (data: T | undefined) => number | undefined;
}

/** A server that is slow to answer is asked less often: of its time each reader takes a part of five. */
const PATIENCE = 4;

interface Kept<T> {
  readonly key: string;
  readonly data: T | undefined;
  readonly error: Error | undefined;
}

export function usePolled<T>(options: PollOptions<T>): Polled<T> {
  const { key } = options;
  const [kept, setKept] = useState<Kept<T>>({ key, data: undefined, error: undefined });
  const [turn, setTurn] = useState(0);
  const latest = useRef(options);
  latest.current = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a turn reads again
  useEffect(() => {
    const ending = new AbortController();
    void follow(latest, ending.signal, (found) =>
      setKept((before) => {
        const data = found.data ?? (before.key === key ? before.data : undefined);
        // What is as it was is not drawn again.
        const isSame = before.key === key && before.data === data && before.error === found.error;
        return isSame ? before : { key, data, error: found.error };
      }),
    );
    return () => ending.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((one) => one + 1), []);
  const isOfKey = kept.key === key;
  return { data: isOfKey ? kept.data : undefined, error: isOfKey ? kept.error : undefined, reload };
}

interface Found<T> {
  readonly data?: T;
  readonly error: Error | undefined;
}

async function follow<T>(
  options: { readonly current: PollOptions<T> },
  signal: AbortSignal,
  tell: (found: Found<T>) => void,
): Promise<void> {
  let data: T | undefined;
  while (!signal.aborted) {
    const begunMs = performance.now();
    try {
      data = await options.current.read(signal);
      if (!signal.aborted) tell({ data, error: undefined });
    } catch (thrown) {
      if (!signal.aborted) tell({ error: thrown as Error });
    }
    const waitMs = options.current.every?.(data);
    if (waitMs === undefined) return;
    const tookMs = performance.now() - begunMs;
    await pause(Math.max(waitMs, PATIENCE * tookMs), signal);
    await untilVisible(signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const options = { signal, once: true };
    document.addEventListener('visibilitychange', () => resolve(), options);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
