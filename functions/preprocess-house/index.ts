// The stage Preprocess of `house-prices`.
import { HouseSchema, stage } from '../../layers/seriatim/index.ts';
import { preprocessHouse } from './preprocess.ts';

export const handler = stage({ input: HouseSchema, run: preprocessHouse });
