// From a city model's logarithm of the price to whole dollars and an interval. Pure.
import type { EstimatedHouse, HousePrice } from '../../layers/seriatim/index.ts';

/**
 * Standard deviation of true minus estimated log price, over 20,000 houses of the ten cities that no model was
 * trained on; per city it is 0.052 to 0.056. See the card in models/house-prices.
 */
export const RESIDUAL_SPREAD = 0.0543;

/** The normal distribution's 0.95 quantile: nine prices of ten lie between `low` and `high`. */
const QUANTILE = 1.645;

export function postprocessHouse({ city, estimate }: EstimatedHouse): HousePrice {
  const logPrice = estimate.prediction.log_price;
  const spread = QUANTILE * RESIDUAL_SPREAD;
  return {
    price: dollars(logPrice),
    low: dollars(logPrice - spread),
    high: dollars(logPrice + spread),
    city,
    model: estimate.targetModel,
  };
}

/** @throws RangeError when the price is not finite */
function dollars(logPrice: number): number {
  const price = Math.round(Math.exp(logPrice));
  if (!Number.isFinite(price))
    throw new RangeError(`The log price ${logPrice} is not the logarithm of a price.`);
  return price;
}
