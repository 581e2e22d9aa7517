// The pipeline `tumour-screening` (an inference pipeline): three containers in series on one endpoint, each with an
// artefact of its own, and the state machine is one endpoint call. Between the containers travels what suits the two:
// JSON → features → NumPy → classifier → JSON Lines → explanation → JSON.
import { BiopsySchema, ScreeningSchema } from '../layers/seriatim/contracts/tumour-screening.ts';
import { inferenceStage, pipeline } from './pipeline.ts';

export const tumourScreening = pipeline({
  name: 'tumour-screening',
  description: 'Whether a tumour is benign, with reasons and a calibrated probability.',
  input: BiopsySchema,
  output: ScreeningSchema,
  placement: 'inference-pipeline',
  stages: [
    inferenceStage({
      name: 'Screen',
      description: 'Features, classifier and explanation, in three containers of one endpoint.',
      endpoint: {
        placeholder: 'TumourScreeningEndpoint',
        containers: [
          {
            name: 'features',
            answers: 'application/x-npy',
            environment: { SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: 'application/x-npy' },
          },
          { name: 'classifier', answers: 'application/jsonlines' },
          { name: 'explanation' },
        ],
        starts: 'first-call',
      },
      gives: ['label', 'probability', 'diagnosis', 'calibrated', 'reasons'],
    }),
  ],
});
