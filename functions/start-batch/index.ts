// Starts a run for each file that was put under a pipeline's `in/`. S3 may notify twice, late and out of order: what
// counts is the object that lies there now, and the run's name makes the second time do nothing.
import type { S3Event, S3EventRecord } from 'aws-lambda';
import {
  checkOptions,
  headObject,
  type InputPlace,
  inputPlaceOf,
  log,
  optionsKeyOf,
  parseJson,
  planRun,
  readTextIfThere,
  SeriatimError,
  startCurrent,
} from '../../layers/seriatim/index.ts';
import { refuse } from './refuse.ts';

/** `arn:aws:states:<region>:<account>:stateMachine:seriatim-<stage>-`; `<pipeline>-batch` completes it. */
const machinePrefix = process.env.STATE_MACHINE_PREFIX ?? '';

export async function handler(event: S3Event): Promise<void> {
  await Promise.all(event.Records.map(startBatch));
}

async function startBatch({ s3 }: S3EventRecord): Promise<void> {
  const bucket = s3.bucket.name;
  const key = decodeKey(s3.object.key);
  const place = inputPlaceOf(key);
  if (place === undefined) return;
  try {
    await start(bucket, key, place);
  } catch (thrown) {
    if (!(thrown instanceof SeriatimError)) throw thrown;
    log('warn', 'no run for this file', { key, code: thrown.code, reason: thrown.message });
    await refuse({ bucket, key, ...place }, thrown, machinePrefix);
  }
}

async function start(bucket: string, key: string, place: InputPlace): Promise<void> {
  const head = await headObject({ bucket, key });
  if (head === undefined)
    throw new SeriatimError('ClaimNotFound', `s3://${bucket}/${key} was deleted before the run began.`);
  const optionsKey = optionsKeyOf(place);
  const text = await readTextIfThere({ bucket, key: optionsKey });
  const options = text === undefined ? {} : checkOptions(parseJson(text, optionsKey), optionsKey);
  const run = planRun({ bucket, key, ...place, ...head }, options);
  const { status, executionArn, run: started } = await startCurrent(run, { machinePrefix, again: false });
  log('info', status === 'STARTED' ? 'started' : 'started before', { run: started.id, status, executionArn });
}

/** Notifications encode keys as forms do: `+` for a space. */
function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}
