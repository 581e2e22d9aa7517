// Writes a batch's records to two local files, results and errors, and counts them. Line n of the results answers
// record n: a record that no child answered for gets an error record too.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isFailed, type RecordEnvelope } from '../../layers/seriatim/index.ts';
import { errorLine, type LineWriter } from './lines.ts';

export interface Counts {
  readonly records: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Failed records by their error's code. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface AssembledFiles {
  readonly resultFile: string;
  readonly errorFile: string;
}

/** @param records in the file's order, perhaps with gaps */
export async function assemble(
  records: AsyncIterable<RecordEnvelope>,
  writer: LineWriter,
  files: AssembledFiles,
): Promise<Counts> {
  const results = createWriteStream(files.resultFile);
  const errors = createWriteStream(files.errorFile);
  const byCode: Record<string, number> = {};
  let count = 0;
  let failed = 0;
  const header = writer.header();
  for await (const record of withoutGaps(records)) {
    if (count++ === 0 && header !== undefined) await writeLine(results, header);
    await writeLine(results, writer.line(record));
    if (!isFailed(record)) continue;
    failed++;
    byCode[record.error.code] = (byCode[record.error.code] ?? 0) + 1;
    await writeLine(errors, errorLine(record));
  }
  await Promise.all([end(results), end(errors)]);
  return { records: count, succeeded: count - failed, failed, errors: byCode };
}

async function* withoutGaps(records: AsyncIterable<RecordEnvelope>): AsyncGenerator<RecordEnvelope> {
  let next = 0;
  for await (const record of records) {
    while (next < record.position) yield unanswered(next++);
    // Express children may run twice: the second answer for a position is the same as the first.
    if (record.position < next) continue;
    next++;
    yield record;
  }
}

function unanswered(position: number): RecordEnvelope {
  const message = 'No child execution answered for this record.';
  return { position, error: { stage: 'Batch', code: 'ExecutionFailed', message } };
}

async function writeLine(stream: WriteStream, line: string): Promise<void> {
  if (stream.write(`${line}\n`)) return;
  await once(stream, 'drain');
}

async function end(stream: WriteStream): Promise<void> {
  stream.end();
  await finished(stream);
}
