// Fields that the contracts of several pipelines are made of: numbers in a range, as JSON has them or as the text of a
// CSV file's cell, each refusal saying what was expected and what came.
import * as v from 'valibot';

/** Longer values are cut: an error names what came, it need not carry it. */
const SHOWN = 80;

/** What came, in words: valibot's `received` for a value, JSON's own names for a kind of value. */
export function got({ input }: { readonly input: unknown }): string {
  if (Array.isArray(input)) return 'a list';
  if (input === undefined) return 'nothing';
  if (typeof input === 'object' && input !== null) return 'an object';
  const text = JSON.stringify(input) ?? String(input);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** A finite number, given as a number or, as in a CSV file, as its text. */
export function numeric(min: number, max: number, whole = false) {
  const range = rangeText(min, max, whole);
  return v.pipe(
    v.custom<number | string>(isNumeric, (issue) => `${range}, got ${got(issue)}`),
    v.transform(Number),
    v.check(
      (value) => value >= min && value <= max && (!whole || Number.isInteger(value)),
      (issue) => `${range}, got ${got(issue)}`,
    ),
  );
}

/** As `numeric`, or null where it was not measured; in a CSV file an empty cell. */
export function measured(min: number, max: number) {
  const range = `${rangeText(min, max, false)} or null`;
  return v.pipe(
    v.custom<number | string | null>(
      (value) => value === null || isNumeric(value) || isEmptyCell(value),
      (issue) => `${range}, got ${got(issue)}`,
    ),
    v.transform((value) => (value === null || isEmptyCell(value) ? null : Number(value))),
    v.check(
      (value) => value === null || (value >= min && value <= max),
      (issue) => `${range}, got ${got(issue)}`,
    ),
  );
}

/** A list of what `item` takes, of a certain length where one is told. */
export function listOf<Item extends v.GenericSchema>(item: Item, length?: number) {
  const expected = `expected a list${length === undefined ? '' : ` of ${length}`}`;
  return v.pipe(
    v.array(item, (issue) => `${expected}, got ${got(issue)}`),
    v.check(
      (values) => length === undefined || values.length === length,
      (issue) => `${expected}, got one of ${issue.input.length}`,
    ),
  );
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return v.picklist(words, (issue) => `expected ${words.join(' or ')}, got ${got(issue)}`);
}

/** The message of an object's schema: for the object itself, or for a field that is not there. */
export function objectMessage(issue: { readonly path?: unknown; readonly input: unknown }): string {
  return issue.path === undefined ? `expected an object, got ${got(issue)}` : 'is missing';
}

function rangeText(min: number, max: number, whole: boolean): string {
  return `expected ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`;
}

const NUMBER_TEXT = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** One check in place of a union of schemas: a file has millions of cells, and a union makes an issue for each miss. */
function isNumeric(value: unknown): boolean {
  return typeof value === 'number'
    ? !Number.isNaN(value)
    : typeof value === 'string' && NUMBER_TEXT.test(value);
}

function isEmptyCell(value: unknown): boolean {
  return typeof value === 'string' && /^\s*$/.test(value);
}
