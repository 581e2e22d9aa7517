// How two payloads differ: numbers at the same path by how much, texts and booleans at the same path by flips, and
// what only one of them has. JSON in texts is looked into, as an endpoint's body is text.
import type { Difference, FlipDifference, NumberDifference } from '../api.ts';
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';
import { pathText, REDACTED, type Redactor } from '../payloads/redact.ts';

/** Paths that are told of each kind. */
const TOLD = 10;
/** What a pipeline keeps for its timing: it differs between any two executions. */
const TIMING = new Set(['entered', 'enteredAt', 'startedAt', 'stoppedAt']);
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

type Leaf = number | string | boolean | null;

export function compareValues(a: unknown, b: unknown, redactor?: Redactor): Difference {
  const [left, right] = [leavesOf(a), leavesOf(b)];
  const both = [...left.keys()].filter((path) => right.has(path));
  const numbers = compareNumbers(both.map((path) => [path, left.get(path)!, right.get(path)!]));
  const flips = compareTexts(
    both.map((path) => [path, left.get(path)!, right.get(path)!]),
    redactor,
  );
  const onlyInA = [...left.keys()].filter((path) => !right.has(path));
  const onlyInB = [...right.keys()].filter((path) => !left.has(path));
  const isSame =
    onlyInA.length + onlyInB.length === 0 && both.every((path) => Object.is(left.get(path), right.get(path)));
  return {
    same: isSame,
    ...(numbers === undefined ? {} : { numbers }),
    ...(flips === undefined ? {} : { flips }),
    ...(onlyInA.length === 0 ? {} : { onlyInA: onlyInA.slice(0, TOLD) }),
    ...(onlyInB.length === 0 ? {} : { onlyInB: onlyInB.slice(0, TOLD) }),
  };
}

type Pair = readonly [path: string, a: Leaf, b: Leaf];

function compareNumbers(pairs: readonly Pair[]): NumberDifference | undefined {
  let [count, largest, sum, at] = [0, 0, 0, '$'];
  let [dot, squareA, squareB] = [0, 0, 0];
  for (const [path, a, b] of pairs) {
    if (typeof a !== 'number' || typeof b !== 'number') continue;
    const difference = Math.abs(a - b);
    if (count === 0 || difference > largest) [largest, at] = [difference, path];
    count += 1;
    sum += difference;
    dot += a * b;
    squareA += a * a;
    squareB += b * b;
  }
  if (count === 0) return;
  const norm = Math.sqrt(squareA) * Math.sqrt(squareB);
  const cosine = norm === 0 ? null : Math.min(1, dot / norm);
  return { count, largestAbsolute: largest, at, meanAbsolute: sum / count, cosine };
}

function compareTexts(pairs: readonly Pair[], redactor: Redactor | undefined): FlipDifference | undefined {
  const compared = pairs.filter(([, a, b]) => typeof a !== 'number' || typeof b !== 'number');
  if (compared.length === 0) return;
  const flipped = compared.filter(([, a, b]) => a !== b);
  const seen = (path: string, value: Leaf): unknown => {
    if (redactor?.hides(path.split(/[.[\]]+/).filter((part) => part !== ''))) return REDACTED;
    return typeof value === 'string' ? (redactor?.text(value) ?? value) : value;
  };
  return {
    compared: compared.length,
    flipped: flipped.length,
    first: flipped.slice(0, TOLD).map(([path, a, b]) => ({ path, a: seen(path, a), b: seen(path, b) })),
  };
}

/** Every number, text, boolean and null of a value by its path. */
export function leavesOf(value: unknown): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  visit(value, [], leaves);
  return leaves;
}

function visit(value: unknown, path: readonly string[], leaves: Map<string, Leaf>): void {
  if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) visit(each, [...path, String(at)], leaves);
  } else if (isObject(value)) {
    for (const [name, each] of Object.entries(value)) {
      if (!TIMING.has(name)) visit(each, [...path, name], leaves);
    }
  } else if (typeof value === 'string') visitText(value, path, leaves);
  else if (value !== undefined) leaves.set(pathText(path), value as Leaf);
}

function visitText(text: string, path: readonly string[], leaves: Map<string, Leaf>): void {
  const inner = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  if (typeof inner === 'object' && inner !== null) visit(inner, path, leaves);
  else if (!TIME.test(text)) leaves.set(pathText(path), text);
}
