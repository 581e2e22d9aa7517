// Payloads inside payloads: what travels as a claim, as base64 or as text (`layers/seriatim/claims.ts`), found wherever
// it lies in a state's JSON, each with its path and the label beside it.
import type { Claim } from '../../claims.ts';
import { isObject } from '../history.ts';
import { pathText } from './redact.ts';

export type Carried =
  | { readonly path: string; readonly label?: string; readonly kind: 'claim'; readonly claim: Claim }
  | {
      readonly path: string;
      readonly label?: string;
      readonly kind: 'bytes';
      readonly contentType: string;
      readonly body: Buffer;
    };

const LABELS = ['label', 'theme', 'name', 'title', 'class'];
/** Deeper, or more of them, and a payload is no longer for the eye. */
const MOST = 50;

/** In the order in which they stand; `value` comes back with each replaced by `{"$carried":"<path>"}`. */
export function takeCarried(value: unknown): {
  readonly value: unknown;
  readonly carried: readonly Carried[];
} {
  const carried: Carried[] = [];
  return { value: take(value, [], { carried }), carried };
}

function take(
  value: unknown,
  path: readonly string[],
  found: { readonly carried: Carried[]; readonly label?: string },
): unknown {
  if (Array.isArray(value)) return value.map((each, at) => take(each, [...path, String(at)], found));
  if (!isObject(value)) return value;
  const one = carriedOf(value);
  if (one !== undefined && found.carried.length < MOST) {
    const at = pathText(path);
    const label = found.label === undefined ? {} : { label: found.label };
    found.carried.push({ path: at, ...label, ...one });
    return { $carried: at };
  }
  const label = LABELS.map((name) => value[name]).find((text) => typeof text === 'string') ?? found.label;
  const within = { carried: found.carried, ...(label === undefined ? {} : { label }) };
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, take(each, [...path, name], within)]),
  );
}

type Unplaced = Carried extends infer Each
  ? Each extends Carried
    ? Omit<Each, 'path' | 'label'>
    : never
  : never;

function carriedOf(value: Record<string, unknown>): Unplaced | undefined {
  const claim = isClaim(value.claim) ? value.claim : isClaim(value) ? value : undefined;
  if (claim !== undefined) return { kind: 'claim', claim };
  const { contentType, base64, text } = value;
  if (typeof contentType !== 'string') return;
  if (typeof base64 === 'string') return { kind: 'bytes', contentType, body: Buffer.from(base64, 'base64') };
  return typeof text === 'string' ? { kind: 'bytes', contentType, body: Buffer.from(text) } : undefined;
}

function isClaim(value: unknown): value is Claim & Record<string, unknown> {
  return (
    isObject(value) &&
    ['bucket', 'key', 'contentType', 'sha256'].every((member) => typeof value[member] === 'string') &&
    typeof value.bytes === 'number'
  );
}
