// Asks a shadow's model and records how its answer compares with the one that was used. Invoked asynchronously: nobody
// waits, and whatever goes wrong is recorded, never thrown, so that Lambda does not try again.
import { callEndpoint, log, SeriatimError, writeText } from '../../layers/seriatim/index.ts';
import { type Difference, differencesOf } from './compare.ts';

export interface CompareShadowEvent {
  readonly pipeline: string;
  readonly stage: string;
  readonly executionArn: string;
  readonly position: number;
  /** The key of the object to write in the batch bucket. */
  readonly record: string;
  readonly endpointName: string;
  readonly targetModel?: string;
  readonly targetVariant?: string;
  readonly instance: unknown;
  readonly against: unknown;
  readonly tolerance: number;
}

/** One object under `<pipeline>/shadow/<stage>/` of the batch bucket, and one line of the function's log. */
export interface ShadowRecord {
  /** Comes first, so that the object's beginning tells it. */
  readonly agrees: boolean;
  readonly executionArn: string;
  readonly position: number;
  readonly used: unknown;
  readonly shadow?: unknown;
  readonly differences?: readonly Difference[];
  /** In place of an answer. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly shadowMs: number;
}

const bucket = process.env.BATCH_BUCKET ?? '';

export async function handler(event: CompareShadowEvent): Promise<void> {
  const record = await compare(event);
  const { agrees, error, differences, shadowMs } = record;
  const { pipeline, stage, executionArn, position, record: key } = event;
  log('info', 'shadow compared', {
    pipeline,
    stage,
    executionArn,
    position,
    agrees,
    error,
    differences,
    shadowMs,
  });
  await writeText({ bucket, key }, JSON.stringify(record), 'application/json');
}

async function compare(event: CompareShadowEvent): Promise<ShadowRecord> {
  const { executionArn, position, against: used, tolerance } = event;
  const begunMs = performance.now();
  const head = { executionArn, position, used };
  try {
    const shadow = await predict(event);
    const differences = differencesOf(used, shadow, tolerance);
    const shadowMs = performance.now() - begunMs;
    return { agrees: differences.length === 0, ...head, shadow, differences, shadowMs };
  } catch (thrown) {
    const { name, message } = thrown as Error;
    const code = thrown instanceof SeriatimError ? thrown.code : name;
    return { agrees: false, ...head, error: { code, message }, shadowMs: performance.now() - begunMs };
  }
}

async function predict(event: CompareShadowEvent): Promise<unknown> {
  const { stage, endpointName, targetModel, targetVariant, instance } = event;
  const answer = await callEndpoint({
    stage,
    endpointName,
    ...(targetModel === undefined ? {} : { targetModel }),
    ...(targetVariant === undefined ? {} : { targetVariant }),
    accept: 'application/json',
    payload: {
      body: Buffer.from(JSON.stringify({ instances: [instance] })),
      contentType: 'application/json',
    },
  });
  const { predictions } = JSON.parse(Buffer.from(answer.body).toString('utf8')) as { predictions: unknown[] };
  return predictions[0];
}
