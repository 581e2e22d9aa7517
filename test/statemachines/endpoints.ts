// Endpoints of the containers of `model.ts`, and stages that call them with the record's `ask`, which says how the
// model behaves.
import { type EndpointTarget, type InferenceStage, inferenceStage } from '../../statemachines/pipeline.ts';

/** One that answers in its own name. */
export function single(name: string): EndpointTarget {
  return {
    placeholder: `${name}Endpoint`,
    containers: [{ name: 'only', environment: { MODEL_NAME: name } }],
    starts: 'first-call',
  };
}

/** One that answers in the name of the target model. */
export function multiModel(name: string): EndpointTarget {
  return {
    placeholder: `${name}Endpoint`,
    containers: [{ name: 'all', mode: 'MultiModel' }],
    starts: 'first-call',
  };
}

/** `into` is the name in lower case. */
export function asking(name: string, more: Partial<InferenceStage> = {}): InferenceStage {
  return inferenceStage({
    name: `Ask${name}`,
    endpoint: single(name),
    instance: '{ask}',
    into: name.toLowerCase(),
    ...more,
  });
}
