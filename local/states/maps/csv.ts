// Rows of a CSV object as items: objects of strings, named by the first row or by the definition.
import { parse } from 'csv-parse';
import type { Json } from '../json/text.ts';
import { openObject, type ReaderSource, readerFailure } from './reader.ts';

const DELIMITERS: Readonly<Record<string, string>> = {
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  SPACE: ' ',
  TAB: '\t',
};

export async function* csvItems(source: ReaderSource): AsyncGenerator<Json> {
  const { reader } = source;
  const body = await openObject(source.frame, source.bucket, source.key);
  const rows = body.pipe(
    parse({
      bom: true,
      delimiter: DELIMITERS[reader.csvDelimiter ?? 'COMMA'] ?? ',',
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    }),
  );
  body.once('error', (thrown) => rows.destroy(thrown));
  try {
    yield* named(
      rows as AsyncIterable<string[]>,
      reader.csvHeaderLocation === 'GIVEN' ? reader.csvHeaders : undefined,
    );
  } finally {
    body.destroy();
    rows.destroy();
  }
}

async function* named(
  rows: AsyncIterable<string[]>,
  given: readonly string[] | undefined,
): AsyncGenerator<Json> {
  let headers = given;
  if (headers !== undefined) checkHeaders(headers);
  for await (const row of rows) {
    if (headers === undefined) {
      headers = row;
      checkHeaders(headers);
    } else yield toObject(headers, row);
  }
}

function checkHeaders(headers: readonly string[]): void {
  if (new Set(headers).size < headers.length) throw readerFailure('CSV headers cannot contain duplicates.');
}

/** A row too short is filled with empty strings; what is too long is left out. */
function toObject(headers: readonly string[], row: readonly string[]): Json {
  const item: Record<string, string> = {};
  for (let index = 0; index < headers.length; index += 1) item[headers[index]!] = row[index] ?? '';
  return item;
}
