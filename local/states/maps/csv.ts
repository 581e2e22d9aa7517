// Rows of a CSV object as items: objects of strings, named by the first row or by the definition.
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
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
  const text = Readable.from(mendQuotes(unzipped(body), delimiter), { objectMode: false });
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

const GZIP = Buffer.from([0x1f, 0x8b]);

/** An object that is gzipped is read as what it holds. */
async function* unzipped(body: Readable): AsyncGenerator<Buffer> {
  const chunks = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    start = Buffer.concat([start, next.value]);
    if (start.length >= GZIP.length) break;
  }
  const whole = Readable.from(rest(start, chunks), { objectMode: false });
  if (!start.subarray(0, GZIP.length).equals(GZIP)) return yield* whole;
  const plain = whole.pipe(createGunzip());
  whole.once('error', (thrown) => plain.destroy(thrown));
  try {
    yield* plain as AsyncIterable<Buffer>;
  } catch (thrown) {
    throw readerFailure(`The gzipped object cannot be read: ${(thrown as Error).message}`);
  }
}

async function* rest(start: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield start;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
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
