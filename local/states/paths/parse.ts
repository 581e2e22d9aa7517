// Reads a JSONPath as Step Functions takes it: Jayway's dialect, with `$$` for the context object and `$name` for
// a variable. https://github.com/json-path/JsonPath
import { type Filter, readFilter } from './filter.ts';
import { Reader } from './reader.ts';

export interface Path {
  readonly text: string;
  readonly root: 'input' | 'context' | 'variable';
  /** The variable's name when the root is one. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Whether it names one place at most: a missing place is an error, where an indefinite path gives []. */
  readonly isDefinite: boolean;
}

export type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'descend' }
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'length' };

export class PathSyntaxError extends Error {}

const NAME_START = /[\p{L}_]/u;
const NAME = /[\p{L}\p{N}\p{M}_]/u;

/** @throws PathSyntaxError */
export function parsePath(text: string): Path {
  const reader = new Reader(text);
  const path = readPath(reader);
  if (!reader.atEnd()) throw new PathSyntaxError(`Unexpected '${reader.rest()}' in path ${text}`);
  return path;
}

/** Reads a path from the middle of an intrinsic function call or a filter. */
export function readPath(reader: Reader): Path {
  const from = reader.at;
  if (!reader.take('$') && !reader.take('@'))
    throw new PathSyntaxError(`A path starts with $: ${reader.rest()}`);
  const root = reader.take('$') ? 'context' : NAME_START.test(reader.peek()) ? 'variable' : 'input';
  const name = root === 'variable' ? readName(reader) : '';
  const steps: Step[] = [];
  while (readStep(reader, steps)) {}
  const isDefinite = steps.every(isDefiniteStep);
  return { text: reader.text.slice(from, reader.at), root, name, steps, isDefinite };
}

function isDefiniteStep(step: Step): boolean {
  if (step.kind === 'names') return step.names.length === 1;
  return (step.kind === 'indexes' && step.indexes.length === 1) || step.kind === 'length';
}

function readStep(reader: Reader, steps: Step[]): boolean {
  if (reader.peek() === '[') {
    steps.push(readBracket(reader));
    return true;
  }
  if (!reader.take('.')) return false;
  if (reader.take('.')) {
    steps.push({ kind: 'descend' });
    if (reader.peek() === '[') return true;
  }
  steps.push(readDotted(reader));
  return true;
}

function readDotted(reader: Reader): Step {
  if (reader.take('*')) return { kind: 'wildcard' };
  if (reader.peek() === '[') return readBracket(reader);
  const name = readPropertyName(reader);
  if (reader.takeText('()')) {
    if (name === 'length' || name === 'size') return { kind: 'length' };
    throw new PathSyntaxError(`The function ${name}() is not supported`);
  }
  return { kind: 'names', names: [name] };
}

function readName(reader: Reader): string {
  return reader.takeWhile((character) => NAME.test(character));
}

function readPropertyName(reader: Reader): string {
  const name = reader.takeWhile((character) => !/[.[\]()\s,='"!<>&|*?{}]/.test(character));
  if (name === '') throw new PathSyntaxError(`A name is missing at '${reader.rest()}'`);
  return name;
}

function readBracket(reader: Reader): Step {
  reader.expect('[');
  reader.skipSpace();
  const step = readBracketContent(reader);
  reader.skipSpace();
  reader.expect(']');
  return step;
}

function readBracketContent(reader: Reader): Step {
  if (reader.take('*')) return { kind: 'wildcard' };
  if (reader.take('?')) {
    reader.skipSpace();
    return { kind: 'filter', filter: readFilter(reader) };
  }
  if (reader.peek() === "'" || reader.peek() === '"')
    return { kind: 'names', names: readList(reader, readQuoted) };
  return readNumbers(reader);
}

function readQuoted(reader: Reader): string {
  return reader.quoted();
}

function readList<T>(reader: Reader, readItem: (reader: Reader) => T): T[] {
  const items = [readItem(reader)];
  reader.skipSpace();
  while (reader.take(',')) {
    reader.skipSpace();
    items.push(readItem(reader));
    reader.skipSpace();
  }
  return items;
}

function readNumbers(reader: Reader): Step {
  const from = readInteger(reader);
  reader.skipSpace();
  if (reader.take(':')) {
    reader.skipSpace();
    const to = readInteger(reader);
    return { kind: 'slice', from, to };
  }
  if (from === undefined) throw new PathSyntaxError(`A number is missing at '${reader.rest()}'`);
  const indexes = [from];
  while (reader.take(',')) {
    reader.skipSpace();
    const index = readInteger(reader);
    if (index === undefined) throw new PathSyntaxError(`A number is missing at '${reader.rest()}'`);
    indexes.push(index);
    reader.skipSpace();
  }
  return { kind: 'indexes', indexes };
}

function readInteger(reader: Reader): number | undefined {
  const sign = reader.take('-') ? '-' : '';
  const digits = reader.takeWhile((character) => character >= '0' && character <= '9');
  return digits === '' ? undefined : Number(sign + digits);
}
