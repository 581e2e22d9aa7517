// Rows of a CSV object as items: objects of strings, named by the first row or by the definition.
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { Json } from '../json/text.ts';
import { mendQuotes } from './csv-quotes.ts';
import { javaOrder } from './java-order.ts';
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
  const delimiter = DELIMITERS[reader.csvDelimiter ?? 'COMMA'] ?? ',';
  const text = Readable.from(mendQuotes(body, delimiter), { objectMode: false });
  const rows = text.pipe(
    parse({
      bom: true,
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    }),
  );
  text.once('error', (thrown) => rows.destroy(thrown));
  try {
    yield* named(
      rows as AsyncIterable<string[]>,
      reader.csvHeaderLocation === 'GIVEN' ? reader.csvHeaders : undefined,
    );
  } catch (thrown) {
    throw thrown instanceof CsvError ? readerFailure(thrown.message) : thrown;
  } finally {
    body.destroy();
    text.destroy();
    rows.destroy();
  }
}

async function* named(
  rows: AsyncIterable<string[]>,
  given: readonly string[] | undefined,
): AsyncGenerator<Json> {
  let columns = given === undefined ? undefined : columnsOf(checkHeaders(given));
  for await (const row of rows) {
    if (columns === undefined) columns = columnsOf(checkHeaders(row));
    else yield toObject(columns, row);
  }
}

function checkHeaders(headers: readonly string[]): readonly string[] {
  if (new Set(headers).size < headers.length) throw readerFailure('CSV headers cannot contain duplicates.');
  return headers;
}

/** A row too short is filled with empty strings; what is too long is left out. */
function toObject(columns: readonly Column[], row: readonly string[]): Json {
  const item: Record<string, string> = {};
  for (const { name, index } of columns) item[name] = row[index] ?? '';
  return item;
}

interface Column {
  readonly name: string;
  readonly index: number;
}

function columnsOf(headers: readonly string[]): Column[] {
  return javaOrder(headers).map((name) => ({ name, index: headers.indexOf(name) }));
}
