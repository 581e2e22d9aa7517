// The stage Postprocess of `regional-prices`.
import { SegmentPricedSchema, stage } from '../../layers/seriatim/index.ts';
import { postprocessRegion } from './postprocess.ts';

export const handler = stage({ input: SegmentPricedSchema, run: postprocessRegion });
