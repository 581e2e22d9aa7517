// The eviction policies that the multi-model cache is measured beside, over keys of one size; and the optimum, which
// knows the future.

/** One request at a time: is the key there? Takes it in when it is not. */
export interface CachePolicy {
  request(key: number): boolean;
}

export function lru(capacity: number): CachePolicy {
  const order = new Map<number, true>();
  return {
    request(key) {
      const isHit = order.delete(key);
      if (!isHit && order.size >= capacity) order.delete(order.keys().next().value!);
      order.set(key, true);
      return isHit;
    },
  };
}

/** Counts for every key ever seen, halved after every `agedAfter` requests; the least counted goes. */
export function decayingLfu(capacity: number, agedAfter: number): CachePolicy {
  const counts = new Map<number, number>();
  const held = new Set<number>();
  let seen = 0;
  return {
    request(key) {
      if (++seen % agedAfter === 0) for (const [one, count] of counts) counts.set(one, count / 2);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (held.has(key)) return true;
      if (held.size >= capacity) held.delete(least(held, counts));
      held.add(key);
      return false;
    },
  };
}

/** A window of one per cent before a segmented main cache, admission by counts that are halved now and then. */
export function wTinyLfu(capacity: number, agedAfter: number): CachePolicy {
  const counts = new Map<number, number>();
  const windowSize = Math.max(1, Math.round(capacity / 100));
  const protectedSize = Math.floor((capacity - windowSize) * 0.8);
  const [window, probation, guarded] = [
    new Map<number, true>(),
    new Map<number, true>(),
    new Map<number, true>(),
  ];
  const oldest = (map: Map<number, true>) => map.keys().next().value!;
  let seen = 0;
  const admit = (key: number): void => {
    if (probation.size + guarded.size < capacity - windowSize) {
      probation.set(key, true);
      return;
    }
    const victim = probation.size > 0 ? oldest(probation) : oldest(guarded);
    if ((counts.get(key) ?? 0) <= (counts.get(victim) ?? 0)) return;
    probation.delete(victim);
    guarded.delete(victim);
    probation.set(key, true);
  };
  return {
    request(key) {
      if (++seen % agedAfter === 0) for (const [one, count] of counts) counts.set(one, Math.floor(count / 2));
      counts.set(key, Math.min(15, (counts.get(key) ?? 0) + 1));
      if (window.delete(key)) return Boolean(window.set(key, true));
      if (guarded.delete(key)) return Boolean(guarded.set(key, true));
      if (probation.delete(key)) {
        guarded.set(key, true);
        if (guarded.size > protectedSize) {
          const demoted = oldest(guarded);
          guarded.delete(demoted);
          probation.set(demoted, true);
        }
        return true;
      }
      window.set(key, true);
      if (window.size > windowSize) {
        const candidate = oldest(window);
        window.delete(candidate);
        admit(candidate);
      }
      return false;
    },
  };
}

/** One queue with a hand that spares what was asked for since it last came by (SIEVE). */
export function sieve(capacity: number): CachePolicy {
  let queue: { key: number; isVisited: boolean }[] = [];
  const held = new Map<number, { key: number; isVisited: boolean }>();
  let hand = 0;
  return {
    request(key) {
      const known = held.get(key);
      if (known !== undefined) {
        known.isVisited = true;
        return true;
      }
      if (held.size >= capacity) {
        if (hand >= queue.length) hand = 0;
        while (queue[hand]!.isVisited) {
          queue[hand]!.isVisited = false;
          hand = (hand + 1) % queue.length;
        }
        held.delete(queue[hand]!.key);
        queue = queue.toSpliced(hand, 1);
      }
      const entry = { key, isVisited: false };
      queue.push(entry);
      held.set(key, entry);
      return false;
    },
  };
}

/** Belady's optimum among policies that take in every key: what is asked for again last goes. */
export function beladyHits(stream: Int32Array, capacity: number): Uint8Array {
  const next = new Int32Array(stream.length);
  const last = new Map<number, number>();
  for (let at = stream.length - 1; at >= 0; at--) {
    next[at] = last.get(stream[at]!) ?? stream.length;
    last.set(stream[at]!, at);
  }
  const held = new Map<number, number>();
  const hits = new Uint8Array(stream.length);
  for (let at = 0; at < stream.length; at++) {
    const key = stream[at]!;
    hits[at] = held.has(key) ? 1 : 0;
    if (!hits[at] && held.size >= capacity) {
      let victim = -1;
      let farthest = -1;
      for (const [one, when] of held) if (when > farthest) [victim, farthest] = [one, when];
      held.delete(victim);
    }
    held.set(key, next[at]!);
  }
  return hits;
}

function least(held: Iterable<number>, counts: ReadonlyMap<number, number>): number {
  let worst = -1;
  let count = Number.POSITIVE_INFINITY;
  for (const key of held) {
    if (counts.get(key)! >= count) continue;
    worst = key;
    count = counts.get(key)!;
  }
  return worst;
}
