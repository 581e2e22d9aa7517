// Names of target models that are made of a field, `{city}.tar.gz`: where a rule hides the field, the name would tell it.
// Which field that is stands in the definition; without one any name may be made of any field. Pure.
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';
import { REDACTED } from './redacted.ts';

/** Hides in a text what names of target models tell. */
export interface ModelHider {
  readonly text: (from: string) => string;
  /** Of a text that is such a name. */
  readonly model: (from: string) => string;
}

/** @param isHidden whether a rule hides a field of this path. `undefined` when no name tells what is hidden */
export function modelHider(
  definition: string | undefined,
  isHidden: (path: readonly string[]) => boolean,
): ModelHider | undefined {
  const templates = templatesIn(definition);
  const telling = templates.filter((template) => fieldsOf(template).some((field) => isHidden(field)));
  // Expressions pass on what a stage before them made: a rerun's definition may begin after that.
  const isKnown = templates.some((template) => /\{[^{}%]+\}/.test(template));
  const hiding = isKnown ? telling : ANY;
  if (hiding.length === 0) return;
  const expressions = hiding.map(expressionOf).filter((expression) => expression !== undefined);
  const text = (from: string): string =>
    expressions.reduce((left, expression) => left.replace(expression, replaced), from);
  return { text, model: (from) => wholly(from, text(from)) };
}

/** What fits no template is hidden whole; a template itself tells nothing. */
function wholly(from: string, left: string): string {
  return left !== from || from.includes(REDACTED) || from.includes('{') ? left : REDACTED;
}

/** Members of payloads whose text is the name of a target model. */
export const MODEL_MEMBERS = new Set(['targetModel', 'TargetModel', 'targetModels']);

/** Whatever it is made of. */
const ANY = ['{any}.tar.gz'];

function templatesIn(definition: string | undefined): string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (!isObject(value)) return;
    for (const [name, each] of Object.entries(value)) {
      if (/^targetModel(\.\$)?$/i.test(name) && typeof each === 'string') found.add(each);
      else walk(each);
    }
  };
  walk(definition === undefined ? undefined : parseJson(definition));
  return [...found];
}

/** `{region}/{city}.tar.gz` → its two paths; of an expression every name in it. */
function fieldsOf(template: string): string[][] {
  if (/^\{%|^\$/.test(template)) return [...template.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => [name]);
  return [...template.matchAll(/\{([^{}]+)\}/g)].map(([, path]) => path!.split('.'));
}

const VALUE = '[^\\s"\'`,;=(){}\\[\\]/\\\\:]+';
/** Of fewer letters around the field too much would fit. */
const FEWEST_LETTERS = 3;

function expressionOf(template: string): RegExp | undefined {
  if (/^\{%|^\$/.test(template)) return expressionOf(ANY[0]!);
  const literals = template.split(/\{[^{}]+\}/);
  if (literals.join('').length < FEWEST_LETTERS) return;
  const escaped = literals.map((part) => `(${part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')})`);
  return new RegExp(escaped.join(VALUE), 'g');
}

function replaced(_whole: string, ...groups: unknown[]): string {
  const literals = groups.slice(
    0,
    groups.findIndex((group) => typeof group === 'number'),
  ) as string[];
  return literals.join(REDACTED);
}
