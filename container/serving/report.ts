// What an invocation met, as the answer's `X-Amzn-SageMaker-Custom-Attributes` says it when `SERIATIM_REPORT` asks:
// `model=Houston_TX.tar.gz;sha256=2f0c…;load=cold;load-ms=21.3;queue-ms=0.02;batch-wait-ms=0.00;input-ms=0.03;`
// `compute-ms=0.11;output-ms=0.02;batch=1`. Read by the inspection of executions (docs/inspection.md).
import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Artefact } from '../artefact.ts';
import type { Invoked } from './registry.ts';
import type { ServedModel } from './served-model.ts';

/** Hexadecimal digits of a checksum that are told: enough to tell artefacts apart, short enough for a history. */
const DIGITS = 16;
/** Hashed while the model loads, in under a millisecond; larger files are hashed beside it. */
const AT_ONCE_BYTES = 1024 * 1024;

export interface ReportOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Target models that hosting never unloads. */
  readonly pinned: readonly string[];
}

export function describeInvocation(invoked: Invoked, { headers, pinned }: ReportOptions): string {
  const { answer, model, isCold, wasEvicted } = invoked;
  const { queueMs, batchWaitMs, inputMs, computeMs, outputMs, batchRows } = answer.times;
  const name = reportedName(model, headers);
  const checksum = model.checksum();
  return [
    `model=${name}`,
    ...(checksum === undefined ? [] : [`sha256=${checksum}`]),
    ...(isCold ? ['load=cold', `load-ms=${model.loadMs.toFixed(1)}`] : ['load=warm']),
    ...(isCold && wasEvicted ? ['evicted=1'] : []),
    ...(pinned.includes(name) ? ['pinned=1'] : []),
    `queue-ms=${(queueMs - batchWaitMs).toFixed(2)}`,
    `batch-wait-ms=${batchWaitMs.toFixed(2)}`,
    `input-ms=${inputMs.toFixed(2)}`,
    `compute-ms=${computeMs.toFixed(2)}`,
    `output-ms=${outputMs.toFixed(2)}`,
    `batch=${batchRows}`,
  ].join(';');
}

/** The name that a report gives: the caller's word for the model, else Triton's for one of its repository, else the container's. */
function reportedName(model: ServedModel, headers: Readonly<Record<string, string>>): string {
  return headers['x-amzn-sagemaker-target-model'] ?? basename(model.label.model);
}

/** The checksum of the model's file; `undefined` until it is known, or where there is no one file. */
export function startChecksum({ onnxFile, codeFile }: Artefact): () => string | undefined {
  const file = onnxFile ?? codeFile;
  if (file === undefined) return () => undefined;
  let checksum: string | undefined;
  if (statSync(file).size <= AT_ONCE_BYTES) checksum = hash('sha256', readFileSync(file)).slice(0, DIGITS);
  else {
    const whole = createHash('sha256');
    // A file that vanishes while it is read has no checksum: the model's load says what is wrong with it.
    pipeline(createReadStream(file), whole).then(
      () => {
        checksum = whole.digest('hex').slice(0, DIGITS);
      },
      () => {},
    );
  }
  return () => checksum;
}
