// Starts a batch for each file that was put under a pipeline's `in/`. S3 may notify twice: the execution's name makes
// the second time do nothing.
import type { S3Event, S3EventRecord } from 'aws-lambda';
import { log, startOnce, writeText } from '../../layers/seriatim/index.ts';
import { isRefused, planBatch, type RefusedFile } from './plan.ts';

/** `arn:aws:states:<region>:<account>:stateMachine:seriatim-<stage>-`; `<pipeline>-batch` completes it. */
const machinePrefix = process.env.STATE_MACHINE_PREFIX ?? '';

export async function handler(event: S3Event): Promise<void> {
  await Promise.all(event.Records.map(startBatch));
}

async function startBatch(record: S3EventRecord): Promise<void> {
  const plan = planBatch(record);
  if (plan === undefined) return;
  if (isRefused(plan)) return refuse(plan);
  const { executionName, input } = plan;
  const executionArn = await startOnce({
    stateMachineArn: `${machinePrefix}${input.pipeline}-batch`,
    name: executionName,
    input: JSON.stringify(input),
  });
  log('info', executionArn === undefined ? 'started before' : 'started', { key: input.key, executionArn });
}

/** A manifest is what whoever put the file there will look for. */
async function refuse({ pipeline, bucket, name, reason }: RefusedFile): Promise<void> {
  log('warn', 'no batch for this file', { pipeline, name, reason });
  const manifest = {
    pipeline,
    status: 'FAILED',
    input: { bucket, key: `${pipeline}/in/${name}` },
    error: { code: 'UnsupportedContentType', message: reason },
  };
  const place = { bucket, key: `${pipeline}/out/${name}.manifest.json` };
  await writeText(place, `${JSON.stringify(manifest, null, 2)}\n`, 'application/json');
}
