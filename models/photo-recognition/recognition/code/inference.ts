// The container of photo-recognition: a photo of 192 × 192 in, the names of what is on it out, and the probability of
// each of the 40 kinds of object in the order of labels.json.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handlers, OnnxModel, Tensors } from 'seriatim-container';

/** More likely than not. */
const THRESHOLD = 0.5;

let labels: readonly string[] = [];

export const warmupFn: Handlers['warmupFn'] = async (_model, { modelDir }) => {
  ({ labels } = JSON.parse(await readFile(join(modelDir, 'labels.json'), 'utf8')) as { labels: string[] });
};

export const predictFn: Handlers['predictFn'] = async (data, model) => {
  const { parts } = data as { parts: { tensors: Tensors }[] };
  const { probabilities } = await (model as OnnxModel).run(parts[0]!.tensors);
  return Array.from(probabilities!.data as Float32Array);
};

export const outputFn: Handlers['outputFn'] = (prediction) => {
  const probabilities = prediction as number[];
  const recognised = labels.filter((_, i) => probabilities[i]! > THRESHOLD);
  return {
    body: JSON.stringify({ predictions: [{ labels: recognised, probabilities }] }),
    contentType: 'application/json',
  };
};
