// The pipeline `diabetes-progression` (one container does it all): feature scaling, boosted trees and the formatting
// of the answer are handlers of one container, and the state machine is one endpoint call.
import { PatientSchema, ProgressionSchema } from '../layers/seriatim/contracts/diabetes-progression.ts';
import { inferenceStage, pipeline } from './pipeline.ts';

export const diabetesProgression = pipeline({
  name: 'diabetes-progression',
  description: "A diabetes patient's progression a year after the baseline measurements.",
  input: PatientSchema,
  output: ProgressionSchema,
  placement: 'container',
  stages: [
    inferenceStage({
      name: 'Predict',
      description:
        'Scales the features, runs the boosted trees and formats the answer, all in one container.',
      endpoint: {
        placeholder: 'DiabetesProgressionEndpoint',
        containers: [{ name: 'progression' }],
        starts: 'first-call',
      },
      gives: ['value', 'imputed'],
    }),
  ],
});
