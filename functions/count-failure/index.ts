// Counts a stage's failure against its circuit breaker. Executions that fail at the same time count one after the other:
// each writes only over what it has read.
import { log, type ObjectPlace, s3Client } from '../../layers/seriatim/index.ts';
import { afterFailure, type BreakerPolicy, type BreakerState, type Failure, isCounted } from './breaker.ts';

export interface CountFailureEvent {
  readonly breaker: ObjectPlace & BreakerPolicy;
  readonly stage: string;
  readonly failure: Failure;
}

/** So many writers at once get in each other's way before one gives up; the others have counted meanwhile. */
const ATTEMPTS = 8;

/** The breaker afterwards; undefined when the failure does not count. */
export async function handler({
  breaker,
  stage,
  failure,
}: CountFailureEvent): Promise<BreakerState | undefined> {
  if (!isCounted(failure, stage)) return undefined;
  for (let attempt = 1; ; attempt++) {
    const before = await read(breaker);
    const after = afterFailure(before?.state, breaker, Date.now());
    if (await write(breaker, after, before?.etag)) {
      if (after.openUntil > 0) log('warn', 'circuit breaker open', { stage, ...after });
      return after;
    }
    if (attempt === ATTEMPTS)
      throw new Error(`The breaker of ${stage} was written by others ${ATTEMPTS} times.`);
  }
}

interface Stored {
  readonly state: BreakerState;
  readonly etag: string;
}

async function read({ bucket, key }: ObjectPlace): Promise<Stored | undefined> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await s3Client();
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return { state: JSON.parse(await Body!.transformToString()) as BreakerState, etag: ETag! };
  } catch (thrown) {
    if ((thrown as Error).name === 'NoSuchKey') return undefined;
    throw thrown;
  }
}

/** False when another has written or removed it meanwhile. */
async function write({ bucket, key }: ObjectPlace, state: BreakerState, etag?: string): Promise<boolean> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await s3Client();
  const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
  const Body = JSON.stringify(state);
  const object = { Bucket: bucket, Key: key, Body, ContentType: 'application/json' };
  try {
    await client.send(new PutObjectCommand({ ...object, ...condition }));
    return true;
  } catch (thrown) {
    if (LOST.includes((thrown as Error).name)) return false;
    throw thrown;
  }
}

const LOST: readonly string[] = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];
