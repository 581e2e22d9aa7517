// The stage CheckRecords of a batch whose pipeline starts with an inference: each record as the pipeline's input
// schema reads it, numbers out of a CSV file's text included; one that does not fit becomes an error record.
import { findPipeline, type StageEvent, type StageResult, stage } from '../../layers/seriatim/index.ts';

export function handler(event: StageEvent): Promise<StageResult> {
  const { input } = findPipeline(event.pipeline ?? '');
  return stage({ input, run: (record) => record })(event);
}
