// Evaluates a parsed JSONPath with Jayway's rules and sentences: a definite path that leads nowhere throws, an
// indefinite one gives a list, perhaps empty.
import { isNumber, isObject, type Json } from '../json/text.ts';
import type { Path, Step } from './parse.ts';

/** A definite path that leads nowhere; the message is Jayway's. */
export class PathNotFoundError extends Error {}

/** @throws PathNotFoundError */
export function evaluatePath(root: Json, path: Path): Json {
  return path.isDefinite ? follow(root, path.steps) : evaluateSteps(root, path.steps, root);
}

/** A definite path's value, or undefined. */
export function findOrNothing(root: Json, steps: readonly Step[]): Json | undefined {
  let value: Json | undefined = root;
  for (const step of steps) {
    value = child(value, step);
    if (value === undefined) return undefined;
  }
  return value;
}

function child(value: Json, step: Step): Json | undefined {
  if (step.kind === 'names') {
    const name = step.names[0]!;
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  if (step.kind === 'indexes') return Array.isArray(value) ? value.at(step.indexes[0]!) : undefined;
  return step.kind === 'length' ? lengthOf(value) : undefined;
}

function lengthOf(value: Json): number | undefined {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : undefined;
}

function follow(root: Json, steps: readonly Step[]): Json {
  let value: Json = root;
  for (let index = 0; index < steps.length; index += 1) {
    const next = child(value, steps[index]!);
    if (next === undefined) throw notFound(value, steps, index);
    value = next;
  }
  return value;
}

function notFound(value: Json, steps: readonly Step[], index: number): PathNotFoundError {
  const step = steps[index]!;
  const here = written(steps.slice(0, index + 1));
  if (step.kind === 'indexes') {
    return Array.isArray(value)
      ? new PathNotFoundError(`No results for path: ${here}`)
      : new PathNotFoundError(
          `Filter: [${step.indexes[0]}] can only be applied to arrays. Current context is: ${shown(value)}`,
        );
  }
  if (!isObject(value)) {
    const message = `Expected to find an object with property ${written([step]).slice(1)} in path ${written(steps.slice(0, index))} but found '${javaType(value)}'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.`;
    return new PathNotFoundError(message);
  }
  const isLeaf = index === steps.length - 1;
  return new PathNotFoundError(isLeaf ? `No results for path: ${here}` : `Missing property in path ${here}`);
}

/** The path as Jayway writes it: `$['a'][0]`. */
function written(steps: readonly Step[]): string {
  const parts = steps.map((step) => {
    if (step.kind === 'names') return `[${step.names.map((name) => `'${name}'`).join(',')}]`;
    if (step.kind === 'indexes') return `[${step.indexes.join(',')}]`;
    return '[*]';
  });
  return `$${parts.join('')}`;
}

function shown(value: Json): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
}

function javaType(value: Json): string {
  const node = 'com.fasterxml.jackson.databind.node.';
  if (Array.isArray(value)) return `${node}ArrayNode`;
  if (value === null) return 'null';
  if (typeof value === 'string') return `${node}TextNode`;
  if (isNumber(value)) return `${node}${Number.isInteger(value) ? 'IntNode' : 'DoubleNode'}`;
  return `${node}BooleanNode`;
}

/** All values that the steps lead to. */
export function evaluateSteps(from: Json, steps: readonly Step[], root: Json): Json[] {
  let values: Json[] = [from];
  for (const step of steps) values = values.flatMap((value) => select(value, step, root));
  return values;
}

function select(value: Json, step: Step, root: Json): Json[] {
  switch (step.kind) {
    case 'names':
      return isObject(value)
        ? step.names.filter((name) => Object.hasOwn(value, name)).map((name) => value[name])
        : [];
    case 'indexes':
      return Array.isArray(value)
        ? step.indexes.map((index) => value.at(index)).filter((item) => item !== undefined)
        : [];
    case 'slice':
      return Array.isArray(value) ? value.slice(step.from ?? 0, step.to) : [];
    case 'wildcard':
      return children(value);
    case 'descend':
      return descendants(value);
    case 'filter':
      return candidates(value).filter((candidate) => step.filter(candidate, root));
    case 'length':
      return [lengthOf(value)].filter((length) => length !== undefined);
  }
}

function children(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

/** What a filter looks at: an array's items, or the object itself. */
function candidates(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? [value] : [];
}

function descendants(value: Json): Json[] {
  return [value, ...children(value).flatMap(descendants)].filter((item) => typeof item === 'object');
}
