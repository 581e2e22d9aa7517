// Every series by its identity, and the search over them.
import type { Clock } from '../clock.ts';
import type { Dimensions, MetricSink, SeriesIdentity } from './api.ts';
import { StoredSeries } from './series.ts';

export class Registry implements MetricSink {
  readonly #series = new Map<string, StoredSeries>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  series(identity: SeriesIdentity): StoredSeries {
    const key = keyOf(identity);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = new StoredSeries(identity, this.#clock);
      this.#series.set(key, series);
    }
    return series;
  }

  all(): Iterable<StoredSeries> {
    return this.#series.values();
  }

  /** The series of exactly these dimensions, whatever their unit unless one is asked for. */
  find(query: {
    readonly namespace: string;
    readonly name: string;
    readonly dimensions: Dimensions;
    readonly unit?: string | undefined;
  }): StoredSeries[] {
    const wanted = dimensionsKey(query.dimensions);
    return [...this.#series.values()].filter(
      ({ identity }) =>
        identity.namespace === query.namespace &&
        identity.name === query.name &&
        dimensionsKey(identity.dimensions) === wanted &&
        (query.unit === undefined || identity.unit === query.unit),
    );
  }
}

function keyOf({ namespace, name, dimensions, unit }: SeriesIdentity): string {
  return JSON.stringify([namespace, name, dimensionsKey(dimensions), unit]);
}

function dimensionsKey(dimensions: Dimensions): string {
  return JSON.stringify(Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1)));
}
