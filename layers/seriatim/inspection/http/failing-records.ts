// The first failing records of a batch, from its error object `<pipeline>/errors/<name>.errors.jsonl`: one line each,
// with position, error and the record as it came.
import type { ErrorClass, FailingRecords } from '../api.ts';
import { errorClasses } from '../children.ts';
import { isObject } from '../history.ts';
import { parseJson } from '../payload.ts';
import type { Redactor } from '../payloads/redact.ts';
import type { ExecutionView } from '../view.ts';

export interface FailingSource {
  readonly redactor: Redactor;
  readonly readHead: (object: {
    bucket: string;
    key: string;
    bytes: number;
  }) => Promise<Uint8Array | undefined>;
  readonly limit: number;
}

const HEAD_BYTES = 1024 * 1024;

/** Without `object` when the execution is no batch, or none of its records failed. */
export async function readFailingRecords(
  { input }: Pick<ExecutionView, 'input'>,
  { redactor, readHead, limit }: FailingSource,
): Promise<FailingRecords> {
  const place = placeOf(input);
  const head = place && (await readHead({ ...place, bytes: HEAD_BYTES }));
  if (place === undefined || head === undefined) return { errors: [], records: [] };
  const lines = Buffer.from(head).toString('utf8').split('\n');
  const isCut = head.length === HEAD_BYTES;
  // The last line may be cut off with the bytes.
  const whole = (isCut ? lines.slice(0, -1) : lines).map(parseJson).filter(isObject);
  return {
    object: `s3://${place.bucket}/${place.key}`,
    errors: classesOf(whole),
    // What is hidden in a record is hidden in the message about it.
    records: whole.slice(0, limit).map((record) => redactor.within([record]).value(record).value),
    ...(isCut ? { isCut: true as const } : {}),
  };
}

function placeOf(input: unknown): { bucket: string; key: string } | undefined {
  if (!isObject(input)) return;
  const { bucket, pipeline, name } = input;
  if (typeof bucket !== 'string' || typeof pipeline !== 'string' || typeof name !== 'string') return;
  return { bucket, key: `${pipeline}/errors/${name}.errors.jsonl` };
}

function classesOf(records: readonly Record<string, unknown>[]): ErrorClass[] {
  return errorClasses(
    records.map(({ position, error }) => ({
      arn: String(position),
      ...(isError(error) ? { error: { code: error.code, ...stageOf(error) } } : {}),
    })),
  );
}

function isError(value: unknown): value is { readonly code: string; readonly stage?: unknown } {
  return isObject(value) && typeof value.code === 'string';
}

function stageOf({ stage }: { readonly stage?: unknown }): { readonly stage?: string } {
  return typeof stage === 'string' ? { stage } : {};
}
