// From the two models' logarithms of the price to whole dollars. Pure.
import type { InferOutput } from 'valibot';
import type { RegionalPrice, SegmentPricedSchema } from '../../layers/seriatim/index.ts';

/** @throws RangeError when a price is not finite */
export function postprocessRegion({
  city,
  segment,
  cityLogPrice,
  cityModel,
  adjusted,
}: InferOutput<typeof SegmentPricedSchema>): RegionalPrice {
  return {
    price: dollars(adjusted.prediction.log_price),
    cityPrice: dollars(cityLogPrice),
    city,
    segment,
    models: [cityModel, adjusted.targetModel],
  };
}

function dollars(logPrice: number): number {
  const price = Math.round(Math.exp(logPrice));
  if (Number.isFinite(price)) return price;
  throw new RangeError(`The log price ${logPrice} is not the logarithm of a price.`);
}
