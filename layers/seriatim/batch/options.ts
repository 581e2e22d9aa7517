// The options of a batch run: from `_run.json` beside the data, or from the request that starts it. Unknown ones are
// refused by name. Which of them the output depends on is told by `identityOf`: those are part of the run's id.
import * as v from 'valibot';
import { InvalidPayload } from '../errors.ts';

const count = (least: number, most: number) =>
  v.pipe(
    v.number((issue) => `expected a whole number from ${least} to ${most}, got ${issue.received}`),
    v.check(
      (value) => Number.isInteger(value) && value >= least && value <= most,
      (issue) => `expected a whole number from ${least} to ${most}, got ${issue.received}`,
    ),
  );

const text = v.pipe(v.string(), v.minLength(1));

const SHARE = /^\d{1,3}(\.\d+)?%$/;

/** Up to all of them. */
function isShare(value: unknown): boolean {
  return typeof value === 'string' && SHARE.test(value) && Number.parseFloat(value) <= 100;
}

function twiceIn(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

const OptionsSchema = v.strictObject(
  {
    /** Of the input, where neither its name nor its content type tells. */
    format: v.optional(v.picklist(['csv', 'jsonl', 'json', 'parquet'])),
    /** Records handed to one child execution at most. */
    recordsPerBatch: v.optional(count(1, 100_000)),
    /** Children at once. */
    concurrency: v.optional(count(1, 10_000)),
    /** Failed records that the run bears: a number of them, or a share as `"5%"`. All of them unless told. */
    toleratedFailures: v.optional(
      v.custom<number | `${number}%`>(
        (value) => (typeof value === 'number' ? Number.isInteger(value) && value >= 0 : isShare(value)),
        'expected a number of records or a share from "0%" to "100%"',
      ),
    ),
    /** Of the results: as the input unless told, JSON Lines for what is neither CSV nor Parquet. */
    output: v.optional(v.picklist(['csv', 'jsonl', 'parquet'])),
    /** Fields of the output, in order. Of the input's too, with `join`. */
    columns: v.optional(
      v.pipe(
        v.array(text),
        v.minLength(1),
        v.check(
          (names) => new Set(names).size === names.length,
          (issue) => `names ${JSON.stringify(twiceIn(issue.input))} twice`,
        ),
      ),
    ),
    /** Puts the input record's fields before those of its result. */
    join: v.optional(v.boolean()),
    /** CSV: whether its first record names the columns. Found out unless told. */
    header: v.optional(v.boolean()),
    /** CSV: one character. A comma unless told, a tab for `.tsv`. */
    delimiter: v.optional(v.pipe(v.string(), v.length(1))),
    encoding: v.optional(v.picklist(['utf-8', 'latin1'])),
    /** The field that identifies a record in the error records. `id` unless told. */
    idField: v.optional(text),
    /** Any word: the same input with another one is another run. */
    rerun: v.optional(v.union([text, v.number()])),
  },
  (issue) =>
    issue.expected === 'never' ? 'is no option of a batch' : `expected an object, got ${issue.received}`,
);

export type BatchOptions = v.InferOutput<typeof OptionsSchema>;

/** @throws InvalidPayload naming the option that is wrong */
export function checkOptions(value: unknown, source: string): BatchOptions {
  if (Array.isArray(value)) throw new InvalidPayload(`${source}: expected an object, got Array`);
  const result = v.safeParse(OptionsSchema, value, { abortPipeEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw new InvalidPayload(`${source}${path === null ? '' : `: ${path}`}: ${issue.message}`);
}

/** What the output's bytes depend on; how fast a run goes and what it bears are no part of it. */
export function identityOf({ concurrency, toleratedFailures, ...identity }: BatchOptions): BatchOptions {
  return identity;
}

/**
 * Those that a run may be gone on with: how fast it goes and what it bears.
 * @throws InvalidPayload for any other, which would make it another run
 */
export function checkResumeOptions(value: unknown): BatchOptions {
  const options = checkOptions(value, 'options');
  const [other] = Object.keys(identityOf(options));
  if (other === undefined) return options;
  throw new InvalidPayload(`options: ${other}: cannot be changed when a run is resumed: start another one`);
}

/** The most records that may fail; infinite unless told. */
export function toleratedCount({ toleratedFailures }: BatchOptions, records: number): number {
  if (toleratedFailures === undefined) return Number.POSITIVE_INFINITY;
  if (typeof toleratedFailures === 'number') return toleratedFailures;
  return Math.floor((Number.parseFloat(toleratedFailures) / 100) * records);
}
