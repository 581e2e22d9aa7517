// A part: what one chunk came to, as one object. Its first line says what follows, so that the parts of a run are put
// together without being understood: results as they will stand in the output, then error records. A part appears
// whole or not at all, and its presence means that its chunk is done.
import { hash } from 'node:crypto';
import { ClaimMismatch } from '../errors.ts';
import type { ColumnKind } from './kinds.ts';

export interface PartHead {
  readonly n: number;
  /** The position of its first record. */
  readonly first: number;
  readonly count: number;
  readonly failed: number;
  /** Failed records by their error's code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly models: readonly PartModel[];
  /** The records' objects or positions by a field's value, where the pipeline asks for it. */
  readonly groups?: Readonly<Record<string, readonly (string | number)[]>>;
  /** What its columns hold, for Parquet. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>;
  readonly resultBytes: number;
  readonly errorBytes: number;
  /** Of what follows the head, hexadecimal. */
  readonly sha256: string;
}

export interface PartModel {
  readonly stage: string;
  readonly variant?: string;
  readonly targetModel?: string;
  /** What its containers said they had loaded, in their order. */
  readonly artefacts?: readonly ModelArtefact[];
  readonly records: number;
}

/** An artefact as the container reports it with each answer. */
export interface ModelArtefact {
  readonly model?: string;
  /** The first 16 hexadecimal digits of the SHA-256 of its model file, from our containers. */
  readonly checksum: string;
}

export interface Part {
  readonly head: PartHead;
  readonly results: Buffer;
  readonly errors: Buffer;
}

export function encodePart(
  head: Omit<PartHead, 'resultBytes' | 'errorBytes' | 'sha256'>,
  results: Buffer,
  errors: Buffer,
): Buffer {
  const body = Buffer.concat([results, errors]);
  const whole = {
    ...head,
    resultBytes: results.length,
    errorBytes: errors.length,
    sha256: hash('sha256', body),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(whole)}\n`), body]);
}

/** @throws ClaimMismatch when it is not what was written */
export function decodePart(bytes: Buffer): Part {
  const headEnd = bytes.indexOf(10);
  const head = JSON.parse(bytes.toString('utf8', 0, Math.max(0, headEnd))) as PartHead;
  const body = bytes.subarray(headEnd + 1);
  if (hash('sha256', body) !== head.sha256)
    throw new ClaimMismatch(`Part ${head.n} is not what was written: its sha256 differs.`);
  return { head, results: body.subarray(0, head.resultBytes), errors: body.subarray(head.resultBytes) };
}
