// What the parts of a run come to together: counts, codes of errors, models, groups.
import type { Part, PartModel } from '../../layers/seriatim/index.ts';

export interface Counts {
  readonly records: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failed records by their error's code. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface Tallied {
  readonly counts: Counts;
  readonly chunks: number;
  readonly models: readonly PartModel[];
  readonly groups?: Readonly<Record<string, readonly (string | number)[]>>;
}

export class Tally {
  #records = 0;
  #failed = 0;
  #chunks = 0;
  readonly #codes: Record<string, number> = {};
  readonly #models = new Map<string, PartModel>();
  readonly #groups: Record<string, (string | number)[]> = {};
  #hasGroups = false;

  /** What the first record of each code said. */
  readonly #messages = new Map<string, string>();

  add({ head, errors }: Part): void {
    this.#records += head.count;
    this.#failed += head.failed;
    this.#chunks++;
    for (const [code, count] of Object.entries(head.errors)) {
      this.#codes[code] = (this.#codes[code] ?? 0) + count;
      if (!this.#messages.has(code)) this.#messages.set(code, firstMessage(errors, code));
    }
    for (const model of head.models) this.#addModel(model);
    if (head.groups === undefined) return;
    this.#hasGroups = true;
    for (const [group, members] of Object.entries(head.groups)) {
      this.#groups[group] ??= [];
      this.#groups[group].push(...members);
    }
  }

  #addModel(model: PartModel): void {
    const id = JSON.stringify([model.stage, model.variant, model.targetModel, model.artefacts]);
    const before = this.#models.get(id)?.records ?? 0;
    this.#models.set(id, { ...model, records: before + model.records });
  }

  /** Of the code that most failed records have; undefined when none failed. */
  commonestError(): { readonly code: string; readonly count: number; readonly message: string } | undefined {
    const [most] = Object.entries(this.#codes).sort(([, a], [, b]) => b - a);
    if (most === undefined) return undefined;
    const [code, count] = most;
    return { code, count, message: this.#messages.get(code) ?? '' };
  }

  found(): Tallied {
    const counts = {
      records: this.#records,
      succeeded: this.#records - this.#failed,
      failed: this.#failed,
      errors: sorted(this.#codes),
    };
    const models = [...this.#models.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    return {
      counts,
      chunks: this.#chunks,
      models,
      ...(this.#hasGroups ? { groups: sorted(this.#groups) } : {}),
    };
  }
}

function firstMessage(errors: Buffer, code: string): string {
  for (let at = 0; at < errors.length; ) {
    const end = errors.indexOf(10, at);
    const line = errors.toString('utf8', at, end < 0 ? errors.length : end);
    const { error } = JSON.parse(line) as { error: { code: string; message: string } };
    if (error.code === code) return error.message;
    at = end < 0 ? errors.length : end + 1;
  }
  return '';
}

function nameOf({ stage, variant = '', targetModel = '' }: PartModel): string {
  return `${stage} ${variant} ${targetModel}`;
}

/** In the alphabet's order. */
function sorted<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
