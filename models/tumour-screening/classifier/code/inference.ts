// The second container of tumour-screening: features as a NumPy array in, a line of JSON per biopsy out with what the
// classifier says and the features that it said it of, which the explanation needs. Any classifier of these 34
// features may take its place.
import type { Handlers, OnnxModel, Tensors } from 'seriatim-container';

interface Classified {
  readonly features: Float32Array;
  readonly labels: BigInt64Array;
  readonly probabilities: Float32Array;
}

export const predictFn: Handlers['predictFn'] = async (data, model): Promise<Classified[]> => {
  const { parts } = data as { parts: { tensors: Tensors }[] };
  const classified: Classified[] = [];
  for (const { tensors } of parts) {
    const { label, probabilities } = await (model as OnnxModel).run(tensors);
    classified.push({
      features: tensors.features!.data as Float32Array,
      labels: label!.data as BigInt64Array,
      probabilities: probabilities!.data as Float32Array,
    });
  }
  return classified;
};

export const outputFn: Handlers['outputFn'] = (prediction) => {
  const lines = (prediction as Classified[]).flatMap(({ features, labels, probabilities }) => {
    const width = features.length / labels.length;
    return Array.from(labels, (label, i) =>
      JSON.stringify({
        label: Number(label),
        probability: probabilities[2 * i + 1],
        features: Array.from(features.subarray(i * width, (i + 1) * width)),
      }),
    );
  });
  return { body: `${lines.join('\n')}\n`, contentType: 'application/jsonlines' };
};
