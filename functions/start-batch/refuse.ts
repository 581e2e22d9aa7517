// A file that no run can be made of. Its run is started all the same and fails at once with the reason, so that it is
// seen where runs are: in the list, in a manifest, in the events of ends. Under a prefix that is no pipeline's there is
// no machine to start: a manifest beside the file and a line in the log are all.
import {
  headObject,
  type InputPlace,
  planRefusal,
  runKeys,
  SERVED_PIPELINES,
  type SeriatimError,
  startRun,
  writeText,
} from '../../layers/seriatim/index.ts';

export interface RefusedInput extends InputPlace {
  readonly bucket: string;
  readonly key: string;
}

export async function refuse(
  input: RefusedInput,
  reason: SeriatimError,
  machinePrefix: string,
): Promise<void> {
  if (!SERVED_PIPELINES.has(input.pipeline)) return leaveManifest(input, reason);
  const head = (await headObject(input)) ?? { etag: '', sizeBytes: 0, contentType: undefined };
  const run = planRefusal({ ...input, ...head }, reason);
  await startRun(run, { machinePrefix, again: false });
}

async function leaveManifest(
  { bucket, key, pipeline, name }: RefusedInput,
  { code, message }: SeriatimError,
): Promise<void> {
  const manifest = {
    pipeline,
    status: 'FAILED',
    input: { bucket, key },
    error: { stage: 'StartBatch', code, message },
  };
  const place = { bucket, key: runKeys({ pipeline, name, workPrefix: '' }).manifest };
  await writeText(place, `${JSON.stringify(manifest, null, 2)}\n`, 'application/json');
}
