// The stage Postprocess of `house-prices`.
import { EstimatedHouseSchema, stage } from '../../layers/seriatim/index.ts';
import { postprocessHouse } from './postprocess.ts';

export const handler = stage({ input: EstimatedHouseSchema, run: postprocessHouse });
