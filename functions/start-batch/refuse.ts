// A file that no run can be made of: a manifest is what whoever put it there will look for.
import { type InputPlace, runKeys, type SeriatimError, writeText } from '../../layers/seriatim/index.ts';

export interface RefusedInput extends InputPlace {
  readonly bucket: string;
  readonly key: string;
}

export async function refuse(
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
