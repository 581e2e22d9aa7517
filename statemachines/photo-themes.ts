// The pipeline `photo-themes` (a serial ensemble): a photo → its quality, and the photo scaled up → what is on it →
// its theme. Each model is an endpoint of its own, so that each scales and is upgraded alone. The photo itself travels
// as a claim; one of too little quality leaves after the first model, one on which nothing is recognised after the
// second: the third would name a theme even so, since the weights of nothing have a largest too.
import { PhotoSchema, PhotoThemesSchema } from '../layers/seriatim/contracts/photo-themes.ts';
import { exitStage, inferenceStage, payloadStage, pipeline } from './pipeline.ts';

/**
 * Under this the labels are guesswork: photos of 12 to 24 pixels and those blurred past two pixels score 0.28 to 0.30,
 * the poorest sample that is still recognised 0.302. The score is coarse; see models/photo-themes.
 */
const QUALITY_THRESHOLD = 0.3;

export const photoThemes = pipeline({
  name: 'photo-themes',
  description: 'What is on a photo, and its theme.',
  input: PhotoSchema,
  output: PhotoThemesSchema,
  flow: 'record',
  placement: 'state-machine',
  body: 'payload',
  stages: [
    payloadStage({
      name: 'AssessQuality',
      description: 'Scores the photo and scales it to what the recognition takes.',
      endpoint: {
        placeholder: 'PhotoQualityEndpoint',
        containers: [{ name: 'quality' }],
        starts: 'first-call',
      },
      payload: 'photo',
      accept: 'image/png',
      answer: { payload: 'upscaled', attributes: { quality: 'quality' } },
    }),
    exitStage({
      name: 'RejectPoorPhoto',
      description: 'A photo under the quality threshold goes no further.',
      when: `{quality} < ${QUALITY_THRESHOLD}`,
      answer: {
        quality: '{quality}',
        rejected: `"The quality is " & $string($floor({quality} * 10000) / 10000) & ", under ${QUALITY_THRESHOLD}."`,
      },
    }),
    payloadStage({
      name: 'Recognise',
      description: 'Finds which of 40 kinds of object are on the photo.',
      endpoint: {
        placeholder: 'PhotoRecognitionEndpoint',
        containers: [{ name: 'recognition' }],
        starts: 'first-call',
      },
      payload: 'upscaled',
      accept: 'application/json',
      answer: { prediction: 'recognised' },
    }),
    exitStage({
      name: 'LeaveUnrecognised',
      description: 'A photo on which nothing was recognised has no theme.',
      when: '$count({recognised}.labels) = 0',
      answer: {
        quality: '{quality}',
        labels: '[]',
        theme: 'null',
        reason:
          '"None of the " & $count({recognised}.probabilities) & " kinds of object that the model knows is more likely than not on the photo."',
      },
    }),
    inferenceStage({
      name: 'GroupByTheme',
      description: 'The theme that what was recognised belongs to.',
      endpoint: {
        placeholder: 'PhotoTopicsEndpoint',
        containers: [{ name: 'topics' }],
        starts: 'first-call',
      },
      instance: '{"probabilities": {recognised}.probabilities}',
      into: 'topic',
    }),
  ],
  answer: {
    quality: '{quality}',
    labels: '{recognised}.labels',
    theme: '{topic}.theme',
  },
  batch: { recordsPerChild: 20, maxConcurrency: 2 },
});
