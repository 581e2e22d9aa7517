// A run's chunks, in order, from whatever form its input has. What can be read again by ranges of bytes stays where it
// is; compressed, JSON and Parquet input is written as chunk objects of lines.
import {
  type BatchRun,
  type Chunk,
  findPipeline,
  type InputFields,
  InvalidPayload,
  inputFieldsOf,
  listObjects,
  type Reading,
  runKeys,
  type SplitSummary,
  writeBytes,
} from '../../layers/seriatim/index.ts';
import { checkOutputColumns, checkUtf8, columnsOf } from './columns.ts';
import { type CutChunk, type CutLimits, cutChunks } from './cut-lines.ts';
import { type InputBytes, openInput } from './input.ts';
import { elementLines } from './json-array.ts';
import { rowBatches } from './parquet.ts';

/** What is found on the way; complete once every chunk has been taken. */
export interface Split {
  readonly chunks: AsyncIterable<Chunk>;
  readonly summary: () => Pick<SplitSummary, 'reading' | 'sha256' | 'note'>;
}

export async function splitInput(run: BatchRun, limits: CutLimits): Promise<Split> {
  const fields = inputFieldsOf(findPipeline(run.pipeline));
  if (run.format === 'objects') return written(run, listed(run, limits), {});
  if (run.format === 'parquet' && run.sizeBytes > 0) return splitParquet(run, fields, limits);
  if (run.sizeBytes === 0) return empty('The object is empty.');
  const input = await openInput(run);
  if (run.format === 'json') return splitJson(run, input, limits);
  return splitLines(run, { input, fields, limits });
}

function splitLines(
  run: BatchRun,
  { input, fields, limits }: { input: InputBytes; fields: InputFields | undefined; limits: CutLimits },
): Split {
  const { options } = run;
  const encoding = options.encoding ?? 'utf-8';
  const isCsv = run.format === 'csv';
  const delimiter = options.delimiter ?? (/\.tsv(\.gz)?$/i.test(run.name) ? '\t' : ',');
  let columns: readonly string[] | undefined;
  const isHeader = (first: Buffer): boolean => {
    if (encoding === 'utf-8') checkUtf8(first);
    const line = first.toString(encoding === 'latin1' ? 'latin1' : 'utf8');
    const found = columnsOf(line, fields, { delimiter, header: options.header });
    if (isCsv) checkOutputColumns(run, found.columns);
    columns = found.columns;
    return found.isHeader;
  };
  const cut = cutChunks(input.blocks, {
    ...limits,
    format: isCsv ? 'csv' : 'jsonl',
    offset: input.skippedBytes,
    keepsBytes: input.isCompressed,
    encoding: encoding === 'latin1' ? 'latin1' : 'utf8',
    again: input.again,
    ...(isCsv ? { delimiter, isHeader } : {}),
  });
  const reading = (): Reading =>
    isCsv ? { format: 'csv', encoding, columns: columns ?? [], delimiter } : { format: 'jsonl', encoding };
  const chunks = input.isCompressed ? write(run, cut) : inPlace(cut);
  return { chunks, summary: () => ({ reading: reading(), sha256: input.sha256() }) };
}

/** A `.json` file of objects side by side is JSON Lines under another name. */
async function splitJson(run: BatchRun, input: InputBytes, limits: CutLimits): Promise<Split> {
  const blocks = input.blocks[Symbol.asyncIterator]();
  const { value: first, done } = await blocks.next();
  if (done === true) return empty('The object is empty.');
  const all = resumed(first, blocks);
  const isLines = /^\s*\{/.test(first.toString('utf8', 0, 1_000));
  if (isLines)
    return splitLines(
      { ...run, format: 'jsonl' },
      { input: { ...input, blocks: all }, fields: undefined, limits },
    );
  const cut = cutChunks(elementLines(all), { ...limits, format: 'jsonl', offset: 0, keepsBytes: true });
  return written(run, cut, { sha256: input.sha256 });
}

async function* resumed(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function splitParquet(run: BatchRun, fields: InputFields | undefined, limits: CutLimits): Split {
  let columns: readonly string[] = [];
  const onColumns = (found: readonly string[]): void => {
    columns = found;
    checkOutputColumns(run, found);
  };
  const rows = rowBatches(run, { fields, maxRows: limits.maxRecords, onColumns });
  const { chunks } = written(run, numbered(rows), {});
  return { chunks, summary: () => ({ reading: { ...LINES, columns } }) };
}

const LINES: Reading = { format: 'jsonl', encoding: 'utf-8' };

function written(
  run: BatchRun,
  cut: AsyncIterable<CutChunk>,
  { sha256 }: { readonly sha256?: () => string },
): Split {
  return {
    chunks: write(run, cut),
    summary: () => ({ reading: LINES, ...(sha256 === undefined ? {} : { sha256: sha256() }) }),
  };
}

function empty(note: string): Split {
  return { chunks: inPlace(nothing()), summary: () => ({ reading: LINES, note }) };
}

async function* nothing(): AsyncGenerator<CutChunk> {}

async function* inPlace(cut: AsyncIterable<CutChunk>): AsyncGenerator<Chunk> {
  let n = 0;
  for await (const { bytes: _bytes, ...chunk } of cut) yield { n: n++, ...chunk };
}

/** Objects on their way at once. */
const WRITES_AT_ONCE = 4;

async function* write(run: BatchRun, cut: AsyncIterable<CutChunk>): AsyncGenerator<Chunk> {
  const keys = runKeys(run);
  const underWay: Promise<Chunk>[] = [];
  let n = 0;
  for await (const { bytes, ...found } of cut) {
    const chunk = { n, ...found, from: 0, to: bytes!.length, key: keys.chunk(n) };
    n++;
    const done = writeBytes({ bucket: run.bucket, key: chunk.key }, bytes!, 'application/octet-stream');
    underWay.push(done.then(() => chunk));
    if (underWay.length >= WRITES_AT_ONCE) yield await underWay.shift()!;
  }
  for (const last of underWay) yield await last;
}

async function* numbered(batches: AsyncIterable<{ count: number; lines: Buffer }>): AsyncGenerator<CutChunk> {
  let first = 0;
  for await (const { count, lines } of batches) {
    yield { first, count, from: 0, to: lines.length, bytes: lines };
    first += count;
  }
}

/** Each object under the prefix is a record that names it. */
async function* listed(run: BatchRun, { maxRecords }: CutLimits): AsyncGenerator<CutChunk> {
  async function* batches() {
    let lines: string[] = [];
    for await (const { key } of listObjects(run.bucket, run.key)) {
      if (key.endsWith('/')) continue;
      lines.push(`${JSON.stringify({ key })}\n`);
      if (lines.length < maxRecords) continue;
      yield { count: lines.length, lines: Buffer.from(lines.join('')) };
      lines = [];
    }
    if (lines.length > 0) yield { count: lines.length, lines: Buffer.from(lines.join('')) };
  }
  if (findPipeline(run.pipeline).binary === undefined)
    throw new InvalidPayload(`The pipeline ${run.pipeline} takes records, not objects.`);
  yield* numbered(batches());
}
