// The container of photo-topics: what was recognised in, as probabilities of the 40 kinds of object; the theme out, and
// the weight of each theme.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Handlers, OnnxModel, Tensors } from 'seriatim-container';

let themes: readonly string[] = [];

export const warmupFn: Handlers['warmupFn'] = async (_model, { modelDir }) => {
  ({ themes } = JSON.parse(await readFile(join(modelDir, 'labels.json'), 'utf8')) as { themes: string[] });
};

export const predictFn: Handlers['predictFn'] = async (data, model) => {
  const { parts } = data as { parts: { tensors: Tensors }[] };
  const predictions: { theme: string; weights: Record<string, number> }[] = [];
  for (const { tensors } of parts) {
    const { theme, topic_weights: all } = await (model as OnnxModel).run(tensors);
    const weights = all!.data as Float32Array;
    Array.from(theme!.data as BigInt64Array, (index, row) => {
      const own = themes.map((name, i) => [name, weights[row * themes.length + i]!] as const);
      predictions.push({ theme: themes[Number(index)]!, weights: Object.fromEntries(own) });
    });
  }
  return { predictions };
};
