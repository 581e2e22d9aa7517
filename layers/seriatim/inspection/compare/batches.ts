// Two batches by their results: the objects under `out/`, whose line n answers record n, also where that failed. Of
// long ones the beginning that both have.
import type { BatchResults } from '../api.ts';
import { isObject } from '../history.ts';
import type { Redactor } from '../payloads/redact.ts';
import type { ExecutionView } from '../view.ts';
import { compareResults } from './results.ts';

export interface BatchesContext {
  readonly redactor: Redactor;
  readonly readHead: (object: {
    bucket: string;
    key: string;
    bytes: number;
  }) => Promise<Uint8Array | undefined>;
}

const HEAD_BYTES = 8 * 1024 * 1024;

/** `undefined` unless both are batches that have results, as CSV or JSON Lines. */
export async function compareBatches(
  a: Pick<ExecutionView, 'input'>,
  b: Pick<ExecutionView, 'input'>,
  { redactor, readHead }: BatchesContext,
): Promise<BatchResults | undefined> {
  const places = [placeOf(a.input), placeOf(b.input)];
  const heads = await Promise.all(places.map((place) => place && readHead({ ...place, bytes: HEAD_BYTES })));
  const texts = heads.map((head) => (head === undefined ? undefined : textOf(head)));
  const [left, right] = texts;
  if (left === undefined || right === undefined) return;
  const isCut = heads.some((head) => head!.length === HEAD_BYTES);
  const [one, other] = isCut ? sameLength(left, right) : [left, right];
  const { fields, ...found } = compareResults(one, other);
  return {
    ...found,
    fields: fields.filter(({ field }) => !redactor.hides(field.split('.'))),
    objects: places.map((place) => `s3://${place!.bucket}/${place!.key}`) as [string, string],
    ...(isCut ? { isCut: true as const } : {}),
  };
}

/** Of a rerun from the middle the run stands beside what its stage was handed. */
function placeOf(input: unknown): { bucket: string; key: string } | undefined {
  const run = isObject(input) && isObject(input.run) ? input.run : input;
  if (!isObject(run)) return;
  const { bucket, pipeline, name } = run;
  if (typeof bucket !== 'string' || typeof pipeline !== 'string' || typeof name !== 'string') return;
  return { bucket, key: `${pipeline}/out/${name}.out` };
}

/** Parquet is no text. The last line of a beginning may be cut off. */
function textOf(head: Uint8Array): string | undefined {
  const text = Buffer.from(head).toString('utf8');
  if (text.startsWith('PAR1')) return;
  return head.length === HEAD_BYTES ? text.slice(0, text.lastIndexOf('\n') + 1) : text;
}

function sameLength(...texts: [string, string]): [string, string] {
  const lines = texts.map((text) => text.split('\n'));
  const length = Math.min(...lines.map((each) => each.length));
  return lines.map((each) => each.slice(0, length).join('\n')) as [string, string];
}
