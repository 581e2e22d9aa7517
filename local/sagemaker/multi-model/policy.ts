// Which model goes when room is needed. A policy sees every use and names the next victim among those that may go.

export interface EvictionPolicy {
  /** The model was asked for, whether it was there or not. */
  touched(key: string): void;
  /** The model takes room from now on. */
  added(key: string): void;
  removed(key: string): void;
  /** The one to go next, of those that may; undefined when none may. */
  victim(mayGo: (key: string) => boolean): string | undefined;
}

/** Least recently used first: a Map keeps the order of use. */
export function leastRecentlyUsed(): EvictionPolicy {
  const order = new Map<string, true>();
  return {
    touched(key) {
      if (order.delete(key)) order.set(key, true);
    },
    added: (key) => void order.set(key, true),
    removed: (key) => void order.delete(key),
    victim(mayGo) {
      for (const key of order.keys()) if (mayGo(key)) return key;
      return undefined;
    },
  };
}
