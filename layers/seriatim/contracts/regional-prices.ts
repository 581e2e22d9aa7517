// The contracts of the pipeline `regional-prices`: a house and who would buy it in, the city's price adjusted to the
// buyer's segment out.
import * as v from 'valibot';
import { objectMessage, oneOf } from './fields.ts';
import { EstimatePrediction, HouseSchema } from './house-prices.ts';

export const SEGMENTS = [
  'first-time',
  'family',
  'investor',
  'retiree',
  'luxury',
  'student',
  'commuter',
  'relocation',
] as const;

/** One house, and the segment of buyers that it is priced for, which chooses the second model. */
export const RegionalHouseSchema = v.object(
  { ...HouseSchema.entries, segment: oneOf(SEGMENTS) },
  objectMessage,
);

export type RegionalHouse = v.InferOutput<typeof RegionalHouseSchema>;

const inference = v.object({ prediction: EstimatePrediction, targetModel: v.string() });

/** After the city's model: `house` is what the segment's model takes beside the city's answer. */
export const CityPricedSchema = v.object({
  city: v.string(),
  segment: v.string(),
  house: v.array(v.number()),
  estimate: inference,
});

/** After the segment's model. */
export const SegmentPricedSchema = v.object({
  city: v.string(),
  segment: v.string(),
  cityLogPrice: v.number(),
  cityModel: v.string(),
  adjusted: inference,
});

/** In whole dollars: `price` for the segment, `cityPrice` before it was adjusted. */
export const RegionalPriceSchema = v.object({
  price: v.pipe(v.number(), v.integer()),
  cityPrice: v.pipe(v.number(), v.integer()),
  city: v.string(),
  segment: v.string(),
  models: v.array(v.string()),
});

export type RegionalPrice = v.InferOutput<typeof RegionalPriceSchema>;
