// A live endpoint: the fleet of variants that serves now, chosen by weight, and its replacement by another fleet.
import type { EndpointConfigRecord } from '../control/records.ts';
import type { Instance } from './instance.ts';
import type { Variant } from './variant.ts';

export class LiveEndpoint {
  readonly name: string;
  /** The endpoint was deleted, or the process ends: nothing more is to be sent to it. */
  isClosed = false;
  #config: EndpointConfigRecord;
  #variants: readonly Variant[];

  constructor(name: string, config: EndpointConfigRecord, variants: readonly Variant[]) {
    this.name = name;
    this.#config = config;
    this.#variants = variants;
  }

  get config(): EndpointConfigRecord {
    return this.#config;
  }

  get variants(): readonly Variant[] {
    return this.#variants;
  }

  /** The variant for the next invocation, by weight, or the one that was asked for by name. */
  pickVariant(targetVariant: string | undefined): Variant | undefined {
    const variants = this.#variants;
    if (targetVariant !== undefined) return variants.find((variant) => variant.name === targetVariant);
    if (variants.length === 1) return variants[0];
    let left = Math.random() * variants.reduce((sum, variant) => sum + variant.weight, 0);
    for (const variant of variants) {
      left -= variant.weight;
      if (left < 0) return variant;
    }
    return variants.at(-1);
  }

  /** From now on the other fleet serves; the old one finishes what it has and ends. */
  async replaceFleet(config: EndpointConfigRecord, variants: readonly Variant[]): Promise<void> {
    const old = this.#variants;
    this.#config = config;
    this.#variants = variants;
    await Promise.all(old.map((variant) => variant.drainAndClose()));
  }

  instances(): Instance[] {
    return this.#variants.flatMap((variant) => variant.instances);
  }
}
