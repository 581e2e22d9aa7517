// Redaction: what a rule names never leaves the server. A rule is a path into a payload (`records[*].value.name`,
// `**.patientId`: `*` for one member or index, `**` for any depth) or a regular expression over texts. Text that is
// JSON itself is looked into. Set by `REDACT`, `{"fields":[…],"patterns":[…]}`.
import * as v from 'valibot';
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';
import { redactBytes, withheldWords } from './bytes.ts';
import { namedFieldHider, namesOf } from './named-fields.ts';
import { leavesOf, withoutLeaves } from './quoted.ts';
import { REDACTED } from './redacted.ts';
import { MODEL_MEMBERS, modelHider } from './target-models.ts';

export { REDACTED };

export interface RedactionRules {
  readonly fields: readonly string[];
  readonly patterns: readonly string[];
}

export interface Redactor {
  readonly hasRules: boolean;
  /** The value with what the rules name replaced by `"[redacted]"`, and the paths of that. */
  value(value: unknown): { readonly value: unknown; readonly redacted: readonly string[] };
  /** Text that belongs to no path, such as a message. */
  text(text: string): string;
  /** Whether a field of this path is hidden, such as a column of a table. */
  hides(path: readonly string[]): boolean;
  /** One that also hides the text of what the rules hide in these payloads, wherever it occurs. */
  within(payloads: readonly unknown[]): Redactor;
  /** The name of a target model. */
  model(name: string): string;
  /** One that also hides names of target models that are made of a hidden field, by the definition that ran. */
  ofDefinition(definition: string | undefined): Redactor;
}

const schema = v.strictObject({
  fields: v.optional(v.array(v.pipe(v.string(), v.nonEmpty())), []),
  patterns: v.optional(v.array(v.pipe(v.string(), v.nonEmpty())), []),
});

export const NO_REDACTION: Redactor = createRedactor({ fields: [], patterns: [] });

/** @throws TypeError when the variable is not as described: no rule is ever left out in silence */
export function readRedactor(variable: string | undefined): Redactor {
  if (variable === undefined || variable === '') return NO_REDACTION;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), variable);
  if (!parsed.success) throw new TypeError(`REDACT: ${v.summarize(parsed.issues)}`);
  try {
    return createRedactor(parsed.output);
  } catch (cause) {
    throw new TypeError(`REDACT: ${(cause as Error).message}`, { cause });
  }
}

export function createRedactor({ fields, patterns }: RedactionRules): Redactor {
  const paths = fields.map(pathOf);
  const expressions = patterns.map((pattern) => new RegExp(pattern, 'g'));
  const fitting = (from: string): string =>
    expressions.reduce((left, expression) => left.replace(expression, REDACTED), from);
  const names = namesOf(paths);
  const unnamed = namedFieldHider(names);
  const hides = (path: readonly string[]): boolean => paths.some((rule) => fits(rule, path));
  return redactorOf({
    hasRules: paths.length + expressions.length > 0,
    hasFields: paths.length > 0,
    text: (from) => unnamed(fitting(from)),
    number: fitting,
    hides,
    model: (name) => name,
    isField: (path) => hides(path) || path.some((part) => names.has(part)),
  });
}

interface Rules extends Pick<Redactor, 'hasRules' | 'text' | 'hides' | 'model'>, Pick<Walk, 'number'> {
  readonly hasFields: boolean;
  /** Whether a field that some payload has at this path, or below it, is hidden. */
  readonly isField: (path: readonly string[]) => boolean;
}

function redactorOf(rules: Rules): Redactor {
  const { hasRules, hasFields, text, hides, model } = rules;
  const redactor: Redactor = {
    hasRules,
    text,
    hides,
    model,
    value(value) {
      if (!hasRules) return { value, redacted: [] };
      const redacted: string[] = [];
      const bytes = (type: string, body: Uint8Array) => redactBytes(type, body, redactor);
      return { value: walk(value, [], { ...rules, redacted, bytes }), redacted };
    },
    within(payloads) {
      if (!hasFields) return redactor;
      const leaves = leavesOf(payloads, (path) => path.length > 0 && hides(path));
      return redactorOf({ ...rules, text: (from) => withoutLeaves(text(from), leaves, REDACTED) });
    },
    ofDefinition(definition) {
      const hider = hasFields ? modelHider(definition, rules.isField) : undefined;
      if (hider === undefined) return redactor;
      return redactorOf({ ...rules, text: (from) => hider.text(text(from)), model: hider.model });
    },
  };
  return redactor;
}

interface Walk {
  readonly text: (from: string) => string;
  readonly model: (from: string) => string;
  readonly bytes: (contentType: string, body: Uint8Array) => Uint8Array | undefined;
  /** As `text`, of a number, which another one is by chance. */
  readonly number: (from: string) => string;
  readonly hides: (path: readonly string[]) => boolean;
  readonly redacted: string[];
}

function walk(value: unknown, path: readonly string[], rules: Walk): unknown {
  if (path.length > 0 && rules.hides(path)) {
    rules.redacted.push(pathText(path));
    return REDACTED;
  }
  if (Array.isArray(value)) return value.map((each, index) => walk(each, [...path, String(index)], rules));
  if (isObject(value)) {
    if (isBody(value)) return walkBody(value, path, rules);
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, walk(each, [...path, name], rules)]),
    );
  }
  if (typeof value === 'number') return walkNumber(value, path, rules);
  return typeof value === 'string' ? walkText(value, path, rules) : value;
}

type Body = { readonly contentType: string } & Readonly<Record<string, unknown>>;

/** What travels as base64 or text, with its content type beside it. */
function isBody(value: Readonly<Record<string, unknown>>): value is Body {
  return typeof value.contentType === 'string' && typeof (value.base64 ?? value.text) === 'string';
}

function walkBody(value: Body, path: readonly string[], rules: Walk): unknown {
  const { base64, text, contentType, ...rest } = value;
  const member = typeof base64 === 'string' ? 'base64' : 'text';
  const encoding = member === 'base64' ? 'base64' : 'utf8';
  const body = Buffer.from(String(base64 ?? text), encoding);
  const left = rules.bytes(contentType, body);
  const around = { contentType, ...(walk(rest, path, rules) as object) };
  if (left !== undefined && body.equals(left)) return { ...around, [member]: value[member] };
  rules.redacted.push(pathText(path));
  if (left === undefined) return { ...around, bytes: body.length, withheld: withheldWords(contentType) };
  return { ...around, [member]: Buffer.from(left).toString(encoding) };
}

function walkText(value: string, path: readonly string[], rules: Walk): string {
  if (path.at(-1) === 'base64') return hideText(REDACTED, path, rules);
  if (MODEL_MEMBERS.has(path.findLast((part) => !/^\d+$/.test(part)) ?? '')) {
    const name = rules.model(rules.text(value));
    return name === value ? value : hideText(name, path, rules);
  }
  const inner = /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
  if (typeof inner === 'object' && inner !== null) {
    const before = rules.redacted.length;
    const walked = walk(inner, path, rules);
    return rules.redacted.length === before ? value : JSON.stringify(walked);
  }
  const left = rules.text(value);
  if (left !== value) rules.redacted.push(pathText(path));
  return left;
}

function hideText(left: string, path: readonly string[], { redacted }: Walk): string {
  redacted.push(pathText(path));
  return left;
}

/** A number may be what a pattern means, such as a card's. */
function walkNumber(value: number, path: readonly string[], rules: Walk): unknown {
  const text = String(value);
  if (rules.number(text) === text) return value;
  rules.redacted.push(pathText(path));
  return REDACTED;
}

/** `records[*].value.name` → `records`, `*`, `value`, `name`. */
function pathOf(text: string): string[] {
  return text
    .replace(/^\$\.?/, '')
    .replaceAll(/\[([^\]]*)\]/g, '.$1')
    .split('.')
    .filter((part) => part !== '');
}

/** `records`, `0`, `value` → `records[0].value`. */
export function pathText(path: readonly string[]): string {
  if (path.length === 0) return '$';
  return path.map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`)).join('');
}

function fits(rule: readonly string[], path: readonly string[]): boolean {
  const [first, ...rest] = rule;
  if (first === undefined) return path.length === 0;
  if (first === '**') return fits(rest, path) || (path.length > 0 && fits(rule, path.slice(1)));
  return path.length > 0 && (first === '*' || first === path[0]) && fits(rest, path.slice(1));
}
