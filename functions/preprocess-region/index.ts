// The stage Preprocess of `regional-prices`.
import { RegionalHouseSchema, stage } from '../../layers/seriatim/index.ts';
import { preprocessRegion } from './preprocess.ts';

export const handler = stage({ input: RegionalHouseSchema, run: preprocessRegion });
