// The text of `Fn::Sub`, read once for both its uses: finding what it refers to, and putting values in.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
import { shown, TemplateError } from './errors.ts';
import { isObject } from './model.ts';

/** Text as it stands, or the name between `${` and `}`. */
export type SubPart = { readonly text: string } | { readonly name: string };

export interface Substitution {
  readonly parts: readonly SubPart[];
  /** The second argument's values by name; they stand before resources and parameters of the same name. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** @throws TemplateError when the argument is neither a string nor `[string, { name: value }]` */
export function readSubstitution(argument: unknown, path: string): Substitution {
  if (typeof argument === 'string') return { parts: splitSub(argument), variables: {} };
  if (Array.isArray(argument) && argument.length === 2) {
    const [text, variables] = argument as [unknown, unknown];
    if (typeof text === 'string' && isObject(variables)) return { parts: splitSub(text), variables };
  }
  throw new TemplateError(path, `expects a string or [string, object], found ${shown(argument)}`);
}

/** `${!Name}` is the text `${Name}`; a `$` or an unclosed brace is text. */
export function splitSub(text: string): SubPart[] {
  const parts: SubPart[] = [];
  let at = 0;
  for (const match of text.matchAll(/\$\{([^{}]*)\}/g)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    const name = match[1]!;
    parts.push(name.startsWith('!') ? { text: `\${${name.slice(1)}}` } : { name: name.trim() });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

/** `Logical.Attribute` in two at the first dot; without a dot there is no attribute. */
export function splitAttribute(name: string): { logicalId: string; attribute?: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { logicalId: name } : { logicalId: name.slice(0, dot), attribute: name.slice(dot + 1) };
}
