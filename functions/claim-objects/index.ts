// The stage ClaimObjects of a batch of objects: each record names an object of the batch bucket, which becomes a claim
// under the pipeline's binary field; one that is not there, or is none of the pipeline's content types, becomes an
// error record.
import { findPipeline, type StageEvent, type StageResult, stage } from '../../layers/seriatim/index.ts';
import { claimObject } from './claim.ts';

const bucket = process.env.BATCH_BUCKET ?? '';

export function handler(event: StageEvent): Promise<StageResult> {
  const { binary } = findPipeline(event.pipeline ?? '');
  if (binary === undefined) throw new TypeError(`The pipeline ${event.pipeline} takes no objects.`);
  return stage({
    input: binary.object,
    run: async ({ key }) => ({
      key,
      [binary.field]: await claimObject({ bucket, key }, binary.contentTypes),
    }),
  })(event);
}
