// The eviction policy of multi-model stores: the model least worth its room goes first. Worth is how often the model is
// asked for, older calls counting less, times what a load costs by the room it takes. How fast calls grow old is not
// known beforehand: stable popularity wants a long memory, drifting popularity a short one. So several memories run
// beside each other, each with a simulated store that holds names only, and the one that would have had the most hits
// of late rules. Published as LRFU (Lee et al., 2001) for one memory; the choice among them is ours.
import type { EvictionPolicy } from './policy.ts';

interface Entry {
  readonly key: string;
  /** By memory: the calls, in units that grow instead of the scores shrinking. */
  readonly scores: Float64Array;
  /** By memory: its place in the simulated store, or -1. */
  readonly places: Int32Array;
  isHeld: boolean;
  /** What a load costs by the room it takes, against the average, in powers of two; 1 where all are alike. */
  weight: number;
  bytes: number;
  loadMs: number;
}

/** How many calls it takes until a call counts half, in multiples of what the store holds. */
const HALF_LIVES = [2, 6, 20, 60, 400];
/** Rules until the simulated stores have something to say. */
const FIRST_CHOICE = 3;
/** Over how many calls hits are compared, in multiples of what the store holds. */
const JUDGED_OVER = 60;
/** Another memory takes over when it had this much more of the calls as hits. */
const MARGIN = 0.002;
/** Names remembered of models that are not held, in multiples of what the store holds. */
const REMEMBERED = 20;
const REMEMBERED_AT_LEAST = 2_000;
/** Among more candidates than this, the victim of a simulated store is the least of a sample. */
const SAMPLE = 128;
const RESCALE_AT = 1e200;

export class AdaptivePolicy implements EvictionPolicy {
  readonly #entries = new Map<string, Entry>();
  readonly #held = new Set<Entry>();
  readonly #steps = HALF_LIVES.map(() => 1);
  readonly #hitRates = HALF_LIVES.map(() => 0);
  readonly #stores: Entry[][] = HALF_LIVES.map(() => []);
  #growth: number[] = [];
  #capacity = 0;
  #ruling = FIRST_CHOICE;

  /** The half-life that rules now, in calls: for those who look. */
  get halfLife(): number {
    return HALF_LIVES[this.#ruling]! * this.#capacity;
  }

  touched(key: string): void {
    const entry = this.#entries.get(key) ?? this.#remember(key);
    // Before the first eviction there is nothing to choose and no capacity to measure by.
    const growth = this.#capacity === 0 ? undefined : this.#growth;
    for (let memory = 0; memory < HALF_LIVES.length; memory++) {
      if (growth !== undefined) this.#simulate(memory, entry);
      const step = this.#steps[memory]! * (growth?.[memory] ?? 1);
      this.#steps[memory] = step;
      entry.scores[memory]! += step;
    }
    if (this.#steps[0]! > RESCALE_AT) this.#rescale();
  }

  added(key: string, facts?: { readonly bytes: number; readonly loadMs: number }): void {
    const entry = this.#entries.get(key) ?? this.#remember(key);
    entry.isHeld = true;
    this.#held.add(entry);
    if (facts === undefined) return;
    entry.bytes = facts.bytes;
    entry.loadMs = facts.loadMs;
  }

  removed(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.isHeld = false;
    this.#held.delete(entry);
  }

  victim(mayGo: (key: string) => boolean): string | undefined {
    this.#setCapacity(this.#held.size);
    this.#choose();
    this.#weigh();
    let worst: Entry | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const entry of this.#held) {
      const worth = entry.scores[this.#ruling]! * entry.weight;
      if (worth >= least || !mayGo(entry.key)) continue;
      worst = entry;
      least = worth;
    }
    return worst?.key;
  }

  #remember(key: string): Entry {
    if (this.#entries.size >= Math.max(REMEMBERED_AT_LEAST, REMEMBERED * this.#capacity)) this.#forget();
    const entry: Entry = {
      key,
      scores: new Float64Array(HALF_LIVES.length),
      places: new Int32Array(HALF_LIVES.length).fill(-1),
      isHeld: false,
      weight: 1,
      bytes: 0,
      loadMs: 0,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Drops the half of what is neither held nor simulated that was asked for least. */
  #forget(): void {
    const idle = [...this.#entries.values()].filter(
      (entry) => !entry.isHeld && entry.places.every((place) => place === -1),
    );
    idle.sort((a, b) => a.scores[this.#ruling]! - b.scores[this.#ruling]!);
    for (const entry of idle.slice(0, Math.ceil(idle.length / 2))) this.#entries.delete(entry.key);
  }

  #simulate(memory: number, entry: Entry): void {
    const isHit = entry.places[memory] !== -1;
    const rate = this.#hitRates[memory]!;
    this.#hitRates[memory] = rate + ((isHit ? 1 : 0) - rate) / (JUDGED_OVER * this.#capacity);
    if (isHit) return;
    const store = this.#stores[memory]!;
    if (store.length >= this.#capacity) this.#take(memory, this.#leastOf(memory));
    entry.places[memory] = store.length;
    store.push(entry);
  }

  /** Removes from a simulated store: the last one moves to its place. */
  #take(memory: number, victim: Entry): void {
    const store = this.#stores[memory]!;
    const last = store.pop()!;
    if (last !== victim) {
      const place = victim.places[memory]!;
      store[place] = last;
      last.places[memory] = place;
    }
    victim.places[memory] = -1;
  }

  #leastOf(memory: number): Entry {
    const store = this.#stores[memory]!;
    const isSampled = store.length > 2 * SAMPLE;
    const count = isSampled ? SAMPLE : store.length;
    let least = store[0]!;
    for (let index = 0; index < count; index++) {
      const entry = store[isSampled ? Math.floor(Math.random() * store.length) : index]!;
      if (entry.scores[memory]! < least.scores[memory]!) least = entry;
    }
    return least;
  }

  /** The hit that was missed when the store was smaller or larger says nothing: simulated stores follow its size. */
  #setCapacity(capacity: number): void {
    if (capacity === this.#capacity) return;
    this.#capacity = capacity;
    this.#growth = HALF_LIVES.map((halfLife) => 2 ** (1 / (halfLife * Math.max(1, capacity))));
    for (let memory = 0; memory < HALF_LIVES.length; memory++) {
      while (this.#stores[memory]!.length > capacity) this.#take(memory, this.#leastOf(memory));
    }
  }

  #choose(): void {
    let best = this.#ruling;
    for (let memory = 0; memory < HALF_LIVES.length; memory++) {
      if (this.#hitRates[memory]! > this.#hitRates[best]!) best = memory;
    }
    if (this.#hitRates[best]! > this.#hitRates[this.#ruling]! + MARGIN) this.#ruling = best;
  }

  /** Loads of up to twice the average cost, and down to half of it, count as alike: times are noisy. */
  #weigh(): void {
    let cost = 0;
    let count = 0;
    for (const entry of this.#held) {
      if (entry.bytes <= 0) continue;
      cost += Math.log2(Math.max(0.01, entry.loadMs) / entry.bytes);
      count += 1;
    }
    if (count === 0) return;
    const average = cost / count;
    for (const entry of this.#held) {
      if (entry.bytes <= 0) continue;
      const steps = Math.log2(Math.max(0.01, entry.loadMs) / entry.bytes) - average;
      entry.weight = 2 ** Math.trunc(steps);
    }
  }

  #rescale(): void {
    for (let memory = 0; memory < HALF_LIVES.length; memory++) {
      const by = this.#steps[memory]!;
      for (const entry of this.#entries.values()) entry.scores[memory]! /= by;
      this.#steps[memory] = 1;
    }
  }
}
