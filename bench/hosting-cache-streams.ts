// Streams of requests for models: popularity by Zipf's law, stable, drifting, or with sweeps over all models mixed in.
// Made from a seed, so that every policy sees the same.

export interface StreamPlan {
  readonly name: string;
  readonly exponent: number;
  readonly kind: 'stable' | 'drift' | 'churn' | 'scan';
}

export const STREAMS: readonly StreamPlan[] = [
  { name: 'Zipf 0.7', exponent: 0.7, kind: 'stable' },
  { name: '0.9', exponent: 0.9, kind: 'stable' },
  { name: '1.0', exponent: 1.0, kind: 'stable' },
  { name: '1.1', exponent: 1.1, kind: 'stable' },
  { name: '1.3', exponent: 1.3, kind: 'stable' },
  { name: '1.1 drift', exponent: 1.1, kind: 'drift' },
  { name: '1.1 scan', exponent: 1.1, kind: 'scan' },
  { name: '0.9 drift', exponent: 0.9, kind: 'drift' },
  { name: '0.9 scan', exponent: 0.9, kind: 'scan' },
  { name: '1.1 churn', exponent: 1.1, kind: 'churn' },
];

/** So many requests pass until every model has moved on by one rank. */
const DRIFT_EVERY = 2_000;
/** So many requests pass until one model more has changed its rank with another. */
const CHURN_EVERY = 40;
/** Out of so many requests begins one sweep over all models. */
const SCAN_EVERY = 20_000;

export function makeStream(
  plan: StreamPlan,
  options: { models: number; requests: number; seed: number },
): Int32Array {
  const random = generator(options.seed);
  const { models, requests } = options;
  const cumulative = zipf(models, plan.exponent);
  const byRank = shuffled(models, random);
  const stream = new Int32Array(requests);
  let sweepLeft = 0;
  for (let at = 0; at < requests; at++) {
    if (plan.kind === 'churn' && at % CHURN_EVERY === 0) swap(byRank, random);
    const moved = plan.kind === 'drift' ? Math.floor(at / DRIFT_EVERY) : 0;
    if (plan.kind === 'scan' && at % SCAN_EVERY === SCAN_EVERY - 1) sweepLeft = models;
    const isSweep = sweepLeft > 0 && random() < 0.5;
    stream[at] = isSweep ? --sweepLeft : byRank[(rankOf(cumulative, random()) + moved) % models]!;
  }
  return stream;
}

/** mulberry32 */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

export function zipf(models: number, exponent: number): Float64Array {
  const cumulative = new Float64Array(models);
  let sum = 0;
  for (let rank = 0; rank < models; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    cumulative[rank] = sum;
  }
  return cumulative.map((value) => value / sum);
}

export function rankOf(cumulative: Float64Array, at: number): number {
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function shuffled(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}

function swap(order: Int32Array, random: () => number): void {
  const [a, b] = [Math.floor(random() * order.length), Math.floor(random() * order.length)];
  [order[a], order[b]] = [order[b]!, order[a]!];
}
