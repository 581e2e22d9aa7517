// The contracts of the pipeline `house-prices`: what one record is at its rim and between its stages. The target
// model is named by the city, so a city is a plain word: no path can be made of it.
import * as v from 'valibot';
import type { Inference } from '../records.ts';
import { got, numeric, objectMessage } from './fields.ts';

const YesNo = v.pipe(
  v.union(
    [v.boolean(), v.picklist(['y', 'n', 'true', 'false'])],
    (issue) => `expected a boolean, "y" or "n", got ${got(issue)}`,
  ),
  v.transform((value) => value === true || value === 'y' || value === 'true'),
);

/**
 * One house as a caller gives it. The ranges are about twice what the models were trained on (models/house-prices):
 * their estimates are linear in what they have not seen, so that beyond it they say nothing. Further fields, such as an `id`, are let through and not used.
 */
export const HouseSchema = v.object(
  {
    city: v.pipe(
      v.string((issue) => `expected the name of a city, got ${got(issue)}`),
      v.regex(
        /^[A-Za-z0-9](-*[A-Za-z0-9_]){0,62}$/,
        (issue) => `expected a name such as Houston_TX, got ${got(issue)}`,
      ),
    ),
    yearBuilt: numeric(1850, 2030, true),
    squareFeet: numeric(100, 10_000),
    bedrooms: numeric(0, 12),
    bathrooms: numeric(0, 12),
    lotAcres: numeric(0, 5),
    garageSpaces: numeric(0, 10),
    frontPorch: YesNo,
    deck: YesNo,
  },
  objectMessage,
);

export type House = v.InferOutput<typeof HouseSchema>;

/** One instance as the feature model takes it: its two inputs by name. */
export interface HouseFeatures {
  readonly numeric: readonly number[];
  readonly categorical: readonly ('y' | 'n')[];
}

/** After Preprocess: `features` is what the endpoint gets, `city` chooses the model. */
export interface PreprocessedHouse {
  readonly city: string;
  readonly features: HouseFeatures;
}

/** What a city's model answers for one instance: its one output by name, as a number or a row of one. */
export const EstimatePrediction = v.object({
  log_price: v.union([
    v.pipe(v.number(), v.finite()),
    v.pipe(
      v.tuple([v.pipe(v.number(), v.finite())]),
      v.transform(([value]) => value),
    ),
  ]),
});

/** What Postprocess takes. */
export const EstimatedHouseSchema = v.object({
  city: v.string(),
  estimate: v.object({ prediction: EstimatePrediction, targetModel: v.string() }),
});

export type EstimatedHouse = v.InferOutput<typeof EstimatedHouseSchema>;
export type Estimate = Inference<v.InferInput<typeof EstimatePrediction>>;

/** The answer for one house, in whole dollars. `low` to `high` holds nine prices of ten. */
export const HousePriceSchema = v.object({
  price: v.pipe(v.number(), v.integer()),
  low: v.pipe(v.number(), v.integer()),
  high: v.pipe(v.number(), v.integer()),
  city: v.string(),
  model: v.string(),
});

export type HousePrice = v.InferOutput<typeof HousePriceSchema>;
