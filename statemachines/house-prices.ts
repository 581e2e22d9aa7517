// The pipeline `house-prices` (serial inference on one endpoint, with pre- and postprocessing around it): the feature
// model and then a model per city, in two containers of one endpoint; the city chooses the model.
import { HousePriceSchema, HouseSchema } from '../layers/seriatim/contracts/house-prices.ts';
import { type EndpointTarget, functionStage, inferenceStage, pipeline } from './pipeline.ts';

/** Pipelines that price houses share it. */
export const housePricesEndpoint: EndpointTarget = {
  placeholder: 'HousePricesEndpoint',
  containers: [
    { name: 'features' },
    // A thousand cities, of which a hundred are in memory: those asked for last.
    { name: 'cities', mode: 'MultiModel', environment: { SERIATIM_MAX_MODELS: '100' } },
  ],
};

export const housePrices = pipeline({
  name: 'house-prices',
  description: "A house's price, estimated by the model of its city.",
  input: HouseSchema,
  output: HousePriceSchema,
  placement: 'inference-pipeline',
  stages: [
    functionStage({
      name: 'Preprocess',
      description: 'Checks each house and lays out the inputs of the feature model.',
      function: 'preprocess-house',
      gives: ['city', 'features'],
    }),
    inferenceStage({
      name: 'Estimate',
      description: "The feature model, then the city's price model, in two containers of one endpoint.",
      endpoint: housePricesEndpoint,
      instance: 'features',
      targetModel: '{city}.tar.gz',
      into: 'estimate',
    }),
    functionStage({
      name: 'Postprocess',
      description: 'Turns log prices into dollars and an interval.',
      function: 'postprocess-house',
      takes: ['city', 'estimate'],
      gives: ['price', 'low', 'high', 'city', 'model'],
    }),
  ],
});
