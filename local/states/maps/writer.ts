// The result writer of a distributed Map: files of results by status and a manifest, or the results in another form.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
import { Readable } from 'node:stream';
import { toAwsError } from '../../wire/errors.ts';
import type { ResultWriter } from '../definition/types.ts';
import { type Json, parseJson, textOf } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import type { Frame } from '../run/frame.ts';
import type { ExecutionRow } from '../store/execution-rows.ts';
import type { MapRun } from './map-run.ts';
import type { Unit } from './units.ts';

export interface WriterWork {
  readonly writer: ResultWriter;
  readonly mapRun: MapRun;
  readonly parameters: Readonly<Record<string, Json>> | undefined;
  /** Of a Map Run that failed: what no child was started for. */
  readonly pending?: AsyncGenerator<Unit>;
}

/** @returns the state's result @throws StateFailure States.ResultWriterFailed */
export async function writeResults(frame: Frame, work: WriterWork): Promise<Json> {
  const { writer, mapRun, parameters } = work;
  await mapRun.world.journal.whenReadable();
  if (writer.resource === undefined)
    return [...rowsOf(mapRun, ['SUCCEEDED'])].flatMap((row) => shapes(row, writer));
  const { s3 } = frame.execution.engine;
  if (s3 === undefined) throw writerFailure('No S3 service is connected.');
  const bucket = String(parameters?.Bucket ?? '');
  const prefix = String(parameters?.Prefix ?? '');
  const folder = [prefix.replace(/\/$/, ''), mapRun.record.arn.split(':').at(-1)!].filter(Boolean).join('/');
  const files: Record<string, { Key: string; Size: number }[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
  try {
    for (const [name, statuses] of Object.entries(FILES)) {
      const key = `${folder}/${name}_0.${writer.outputType === 'JSONL' ? 'jsonl' : 'json'}`;
      const rows = rowsOf(mapRun, statuses);
      const first = rows.next();
      if (first.done === true) continue;
      const body = Readable.from(lines(chain(first.value, rows), writer));
      const { sizeBytes } = await s3.putObject({ bucket, key }, body, { contentType: 'application/json' });
      files[name]!.push({ Key: key, Size: sizeBytes });
    }
    const pending = await pendingBody(work);
    if (pending !== undefined) {
      const key = `${folder}/PENDING_0.${writer.outputType === 'JSONL' ? 'jsonl' : 'json'}`;
      const { sizeBytes } = await s3.putObject({ bucket, key }, pending, { contentType: 'application/json' });
      files.PENDING!.push({ Key: key, Size: sizeBytes });
    }
    const key = `${folder}/manifest.json`;
    const manifest = { DestinationBucket: bucket, MapRunArn: mapRun.record.arn, ResultFiles: files };
    await s3.putObject({ bucket, key }, JSON.stringify(manifest), { contentType: 'application/json' });
    return { MapRunArn: mapRun.record.arn, ResultWriterDetails: { Bucket: bucket, Key: key } };
  } catch (thrown) {
    throw writerFailure(toAwsError(thrown).message);
  }
}

function writerFailure(cause: string): StateFailure {
  return new StateFailure('States.ResultWriterFailed', cause);
}

/** Which children go into which file. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  SUCCEEDED: ['SUCCEEDED'],
  FAILED: ['FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'],
};

/** Inputs that no execution was started for; undefined when there are none. */
async function pendingBody({ pending, mapRun, writer }: WriterWork): Promise<Readable | undefined> {
  const first = await pending?.next();
  if (pending === undefined || first === undefined || first.done === true) return undefined;
  const isLines = writer.outputType === 'JSONL';
  const textOfUnit = ({ input }: Unit): string =>
    textOf({
      Input: textOf(input),
      InputDetails: { Included: true },
      StateMachineArn: mapRun.machine.arn,
      Status: 'PENDING',
    });
  async function* body(unit: Unit, rest: AsyncGenerator<Unit>): AsyncGenerator<Buffer> {
    yield Buffer.from(`${isLines ? '' : '['}${textOfUnit(unit)}`);
    for await (const next of rest) yield Buffer.from(`${isLines ? '\n' : ','}${textOfUnit(next)}`);
    yield Buffer.from(isLines ? '\n' : ']');
  }
  return Readable.from(body(first.value, pending));
}

const ROWS_AT_ONCE = 500;

/** Children from the database, in the items' order, a few at a time. */
function* rowsOf(mapRun: MapRun, statuses: readonly string[]): Generator<ExecutionRow> {
  const marks = statuses.map(() => '?').join(', ');
  let after = -1;
  for (;;) {
    const rows = mapRun.world.database.all<ExecutionRow>(
      `SELECT * FROM executions WHERE map_run_arn = ? AND status IN (${marks}) AND map_index > ?
       ORDER BY map_index LIMIT ${ROWS_AT_ONCE}`,
      mapRun.record.arn,
      ...statuses,
      after,
    );
    yield* rows;
    if (rows.length < ROWS_AT_ONCE) return;
    after = rows.at(-1)!.map_index!;
  }
}

function* chain<T>(first: T, rest: Iterable<T>): Generator<T> {
  yield first;
  yield* rest;
}

/** A JSON array, or a line per result. */
function* lines(rows: Iterable<ExecutionRow>, writer: ResultWriter): Generator<Buffer> {
  const isLines = writer.outputType === 'JSONL';
  let isFirst = true;
  if (!isLines) yield Buffer.from('[');
  for (const row of rows) {
    for (const value of shapes(row, writer)) {
      if (isLines) yield Buffer.from(`${textOf(value)}\n`);
      else yield Buffer.from(isFirst ? textOf(value) : `,${textOf(value)}`);
      isFirst = false;
    }
  }
  if (!isLines) yield Buffer.from(']');
}

/** One child as the file has it; FLATTEN makes several values of an array. */
function shapes(row: ExecutionRow, writer: ResultWriter): Json[] {
  if (writer.transformation === 'NONE' || row.status !== 'SUCCEEDED') return [description(row)];
  const output = parseJson(row.output ?? 'null');
  return writer.transformation === 'FLATTEN' && Array.isArray(output) ? output : [output];
}

function description(row: ExecutionRow): Json {
  const isOver = row.status === 'SUCCEEDED';
  return {
    ...(row.cause === null ? {} : { Cause: row.cause }),
    ...(row.error === null ? {} : { Error: row.error }),
    ExecutionArn: row.arn,
    Input: row.input,
    InputDetails: { Included: true },
    Name: row.name,
    ...(row.output === null ? {} : { Output: row.output, OutputDetails: { Included: true } }),
    RedriveCount: 0,
    RedriveStatus: isOver ? 'NOT_REDRIVABLE' : 'REDRIVABLE_BY_MAP_RUN',
    ...(isOver ? { RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven' } : {}),
    StartDate: new Date(row.start_ms).toISOString(),
    StateMachineArn: row.machine_arn,
    Status: row.status,
    StopDate: new Date(row.stop_ms ?? row.start_ms).toISOString(),
  };
}
