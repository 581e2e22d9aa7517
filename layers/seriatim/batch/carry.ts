// Records between the stages of a batch's child: too many for a state, they travel as payloads, which are claims once
// they are large. Opens what a stage's event brings, where the first stage reads the chunk, and packs payloads.
import { type CarriedPayload, carryPayload, type Payload, readPayload } from '../claims.ts';
import { SeriatimError } from '../errors.ts';
import type { GroupAnswer, InferenceAnswers, RecordEnvelope, StageEvent } from '../records.ts';
import { decodeFrames } from './frames.ts';
import { readSlice } from './read-chunk.ts';
import { decodeRecords } from './record-list.ts';
import type { ChunkTask, Slice } from './run.ts';

/** Two of them fit a state beside each other, as base64 and escaped text. */
const INLINE_BYTES = 32_768;

/** Where a child's payloads go. */
export interface CarryPlace {
  readonly bucket: string;
  readonly prefix: string;
  /** What is larger becomes a claim. */
  readonly inlineBytes?: number;
}

/** Records that are not in the event: in a chunk, or in a payload. */
export type RecordSource =
  | { readonly task: ChunkTask; readonly slice?: Slice }
  | { readonly payload: CarriedPayload };

/** The event of a stage in a batch's child. */
export interface CarriedEvent extends Omit<StageEvent, 'records' | 'answers'> {
  readonly records: readonly RecordEnvelope[] | RecordSource;
  readonly answers?: CarriedAnswers;
  /** Asks for what the stage gives as payloads; without it they are given as they are. */
  readonly carry?: CarryPlace;
}

export interface CarriedAnswers extends Omit<InferenceAnswers, 'groups'> {
  readonly payload: CarriedPayload;
}

export interface CarriedResult {
  readonly records: { readonly payload: CarriedPayload };
  readonly groups?: { readonly payload: CarriedPayload };
}

/** What a frame of instances says of itself. */
export interface GroupHead {
  readonly targetModel?: string;
  readonly positions: readonly number[];
}

/** What a frame of answers says of itself; one with a failure has no body. */
export interface AnswerHead extends GroupHead {
  readonly failure?: GroupAnswer['failure'];
}

/** The event as a stage takes it, with all records at hand. */
export async function openEvent(event: CarriedEvent): Promise<StageEvent> {
  const { records, answers } = await openInput(event);
  return { ...event, records: [...records], answers } as StageEvent;
}

/** What a stage works on, the records to be gone through once. */
export async function openInput({ records, answers }: Pick<CarriedEvent, 'records' | 'answers'>): Promise<{
  readonly records: Iterable<RecordEnvelope>;
  readonly answers: InferenceAnswers | undefined;
}> {
  const [opened, merged] = await Promise.all([
    openRecords(records),
    answers === undefined ? undefined : openAnswers(answers),
  ]);
  return { records: opened, answers: merged };
}

export async function openRecords(
  records: readonly RecordEnvelope[] | RecordSource,
): Promise<Iterable<RecordEnvelope>> {
  if (!('task' in records) && !('payload' in records)) return records;
  if ('task' in records) return stored(() => readSlice(records.task, records.slice));
  const { body } = await unpack(records.payload);
  return decodeRecords(body);
}

export async function openAnswers({ payload, ...rest }: CarriedAnswers): Promise<InferenceAnswers> {
  const { body } = await unpack(payload);
  const groups = decodeFrames<AnswerHead>(body).map(({ head, body: answer }) =>
    head.failure === undefined ? { ...head, body: textOf(answer) } : head,
  );
  return { ...rest, groups };
}

/** @throws SeriatimError StorageFailed when it cannot be written */
export function pack(body: Uint8Array, contentType: string, carry: CarryPlace): Promise<CarriedPayload> {
  const { bucket, prefix, inlineBytes = INLINE_BYTES } = carry;
  return stored(() => carryPayload({ body, contentType }, { bucket, prefix, thresholdBytes: inlineBytes }));
}

/** @throws SeriatimError StorageFailed, or what the claim itself is refused for */
export function unpack(payload: CarriedPayload): Promise<Payload> {
  return stored(() => readPayload(payload));
}

/** A bucket that does not answer, or has no room, is nobody's record's fault: it gets a name of its own. */
export async function stored<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SeriatimError) throw cause;
    const { name, message } = cause as Error;
    throw new SeriatimError('StorageFailed', `${name}: ${message}`, { cause });
  }
}

/** Without a copy of the bytes. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
