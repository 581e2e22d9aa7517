// Items of a JSON object (an array, or a value inside it) and of a JSON Lines object.
import { createInterface } from 'node:readline';
import { isObject, type Json, parseJson } from '../json/text.ts';
import { openObject, type ReaderSource, readerFailure, readWhole } from './reader.ts';

export async function* jsonItems(source: ReaderSource): AsyncGenerator<Json> {
  const text = (await readWhole(await openObject(source.frame, source.bucket, source.key))).toString('utf8');
  let document: Json;
  try {
    document = parseJson(text);
  } catch {
    throw readerFailure('Invalid JSON in the item reader source.');
  }
  const items = pointed(document, source.reader.itemsPointer);
  if (Array.isArray(items)) yield* items;
  else if (isObject(items)) yield* Object.entries(items).map(([Key, Value]) => ({ Key, Value }));
  else throw readerFailure('Attempting to map over non-iterable node.');
}

/** A JSON pointer such as `/data/items`. */
function pointed(document: Json, pointer: string | undefined): Json {
  if (pointer === undefined || pointer === '' || pointer === '/') return document;
  let value: Json = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value = Array.isArray(value) ? value[Number(name)] : isObject(value) ? value[name] : undefined;
  }
  if (value === undefined) throw readerFailure(`The ItemsPointer ${pointer} does not lead to a value.`);
  return value;
}

export async function* jsonLineItems(source: ReaderSource): AsyncGenerator<Json> {
  const body = await openObject(source.frame, source.bucket, source.key);
  const lines = createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) if (line.trim() !== '') yield parseLine(line);
  } finally {
    lines.close();
    body.destroy();
  }
}

function parseLine(line: string): Json {
  try {
    return parseJson(line);
  } catch {
    throw readerFailure('Invalid JSON in the item reader source.');
  }
}
