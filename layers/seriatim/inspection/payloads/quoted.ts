// Values of payloads wherever else their text occurs: a message, a cause or a model's name often repeats a field of the
// input. What a rule hides there, or what one without payloads may not see, is taken out of these too.
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';

/** Leaves of payloads, as they would be found in a text. */
export interface Leaves {
  readonly texts: Set<string>;
  readonly numbers: Set<number>;
}

/** Whether a field's value is wanted, with all that lies in it. */
export type IsWanted = (path: readonly string[]) => boolean;

/** A shorter text is found in words by chance, so it counts only where it stands alone. */
const SHORT = 4;

/** The leaves at and below the fields that are wanted, also those of JSON within texts. */
export function leavesOf(values: readonly unknown[], isWanted: IsWanted = () => true): Leaves {
  const leaves: Leaves = { texts: new Set(), numbers: new Set() };
  for (const value of values) gather(value, [], { leaves, isWanted, isInside: false });
  return leaves;
}

interface Gathering {
  readonly leaves: Leaves;
  readonly isWanted: IsWanted;
  readonly isInside: boolean;
}

function gather(value: unknown, path: readonly string[], from: Gathering): void {
  const isInside = from.isInside || from.isWanted(path);
  const below = { ...from, isInside };
  if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value)) gather(each, isInside ? path : [...path, name], below);
    return;
  }
  const inner = typeof value === 'string' && /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
  if (isObject(inner) || Array.isArray(inner)) gather(inner, path, below);
  else if (isInside) keep(value, from.leaves);
}

function keep(value: unknown, { texts, numbers }: Leaves): void {
  if (typeof value === 'number') numbers.add(value);
  if (typeof value !== 'string' || value.trim().length < 2) return;
  texts.add(value.trim());
  // As it stands within JSON, which causes often are.
  texts.add(JSON.stringify(value.trim()).slice(1, -1));
}

const NUMBER = /(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w]|\.\d)/gi;

/** The text with `mark` in place of every leaf. */
export function withoutLeaves(text: string, { texts, numbers }: Leaves, mark: string): string {
  const found = [...texts].filter((each) => each.length <= text.length && text.includes(each));
  const left = found
    .sort((a, b) => b.length - a.length)
    .reduce((rest, each) => without(rest, each, mark), text);
  if (numbers.size === 0) return left;
  return left.replaceAll(NUMBER, (token) => (numbers.has(Number(token)) ? mark : token));
}

function without(text: string, value: string, mark: string): string {
  if (value.length >= SHORT) return text.replaceAll(value, () => mark);
  const escaped = value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replaceAll(new RegExp(`(?<![\\p{L}\\d])${escaped}(?![\\p{L}\\d])`, 'gu'), () => mark);
}
