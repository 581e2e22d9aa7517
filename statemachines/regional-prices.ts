// The pipeline `regional-prices` (a serial ensemble over two multi-model endpoints): the city chooses a model of the
// first, the buyer's segment one of the second, which adjusts the first one's answer. SageMaker's own inference
// pipelines take one multi-model container at most; here each group of models is an endpoint.
import { RegionalHouseSchema, RegionalPriceSchema } from '../layers/seriatim/contracts/regional-prices.ts';
import { housePricesEndpoint } from './house-prices.ts';
import { functionStage, inferenceStage, pipeline } from './pipeline.ts';

export const regionalPrices = pipeline({
  name: 'regional-prices',
  description: "A house's price for a segment of buyers: the city's model, then the segment's.",
  input: RegionalHouseSchema,
  output: RegionalPriceSchema,
  stages: [
    functionStage({
      name: 'Preprocess',
      description: 'Checks each house and lays out the inputs of the feature model.',
      function: 'preprocess-region',
      gives: ['city', 'segment', 'house', 'features'],
    }),
    inferenceStage({
      name: 'Estimate',
      description: "The feature model and the city's price model, on the endpoint of house-prices.",
      endpoint: housePricesEndpoint,
      instance: 'features',
      targetModel: '{city}.tar.gz',
      into: 'estimate',
    }),
    functionStage({
      name: 'Combine',
      description: "Lays out the inputs of the segment's model, the city's answer among them.",
      function: 'combine-region',
      takes: ['city', 'segment', 'house', 'estimate'],
      gives: ['city', 'segment', 'cityLogPrice', 'cityModel', 'adjusting'],
    }),
    inferenceStage({
      name: 'Adjust',
      description: "The segment's model adjusts the city's price.",
      endpoint: {
        placeholder: 'BuyerSegmentsEndpoint',
        containers: [{ name: 'segments', mode: 'MultiModel' }],
        starts: 'first-call',
      },
      instance: 'adjusting',
      targetModel: '{segment}.tar.gz',
      into: 'adjusted',
    }),
    functionStage({
      name: 'Postprocess',
      description: 'Turns log prices into dollars.',
      function: 'postprocess-region',
      takes: ['city', 'segment', 'cityLogPrice', 'cityModel', 'adjusted'],
      gives: ['price', 'cityPrice', 'city', 'segment', 'models'],
    }),
  ],
});
