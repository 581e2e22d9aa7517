// The stage Combine of `regional-prices`: the city's answer becomes an input of the segment's model.
import { CityPricedSchema, stage } from '../../layers/seriatim/index.ts';

export const handler = stage({
  input: CityPricedSchema,
  run: ({ city, segment, house, estimate }) => {
    const cityLogPrice = estimate.prediction.log_price;
    return {
      city,
      segment,
      cityLogPrice,
      cityModel: estimate.targetModel,
      adjusting: { house: [...house, cityLogPrice] },
    };
  },
});
