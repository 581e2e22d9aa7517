// Payload templates of the JSONPath query language (`Parameters`, `ResultSelector`, `Assign` …): members whose name
// ends in `.$` are expressions, everything else is taken as it is. Compiled once.
import type { Json } from '../json/text.ts';
import { isObject } from '../json/text.ts';
import type { Scope } from '../run/scope.ts';
import { evaluateExpression, parsePathExpression } from './expression.ts';

export type PathTemplate = (scope: Scope) => Json;

/** @throws TextSyntaxError, PathSyntaxError for an expression that does not parse */
export function compilePathTemplate(template: Json): PathTemplate {
  if (Array.isArray(template)) return compileArray(template);
  if (isObject(template)) return compileObject(template);
  return () => template;
}

function compileArray(template: readonly Json[]): PathTemplate {
  if (!template.some(isDynamic)) return () => template;
  const items = template.map(compilePathTemplate);
  return (scope) => items.map((item) => item(scope));
}

function compileObject(template: Record<string, Json>): PathTemplate {
  if (!isDynamic(template)) return () => template;
  const members = Object.entries(template).map(([key, value]) => compileMember(key, value));
  return (scope) => {
    const result: Record<string, Json> = {};
    for (const member of members) result[member.name] = member.evaluate(scope);
    return result;
  };
}

function compileMember(key: string, value: Json): { name: string; evaluate: PathTemplate } {
  if (!key.endsWith('.$') || typeof value !== 'string')
    return { name: key, evaluate: compilePathTemplate(value) };
  const expression = parsePathExpression(value);
  return { name: key.slice(0, -2), evaluate: (scope) => evaluateExpression(expression, key, scope) };
}

function isDynamic(template: Json): boolean {
  if (Array.isArray(template)) return template.some(isDynamic);
  if (!isObject(template)) return false;
  return Object.entries(template).some(([key, value]) => key.endsWith('.$') || isDynamic(value));
}
