// The third container of tumour-screening: a line of JSON per biopsy in, the answer out: the classifier's label and
// probability, a calibrated probability, and the measurements that speak most for the label.
import type { Handlers, OnnxModel } from 'seriatim-container';

const PROPERTIES = ['radius', 'texture', 'perimeter', 'area', 'smoothness', 'compactness', 'concavity', 'concave_points', 'symmetry', 'fractal_dimension'];

/** What each feature is of, in their order. */
const FEATURES = [
  ...PROPERTIES.map((name) => `mean_${name}`),
  ...PROPERTIES.map((name) => `${name}_error`),
  ...PROPERTIES.map((name) => `worst_${name}`),
  ...['small', 'medium', 'large', 'huge'].map((size) => `size_class=${size}`),
];

/** Of the training data: 0 is malignant, 1 benign. */
const DIAGNOSES = ['malignant', 'benign'];
const REASONS = 3;

interface Classified {
  readonly label: number;
  readonly probability: number;
  readonly features: readonly number[];
}

interface Explained extends Classified {
  readonly contributions: Float32Array;
  readonly calibrated: number;
}

export const inputFn: Handlers['inputFn'] = (body, contentType): Classified[] => {
  if (!contentType.startsWith('application/jsonlines')) {
    throw Object.assign(new Error(`application/jsonlines is read, not ${contentType}`), { statusCode: 415 });
  }
  return body.toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Classified);
};

export const predictFn: Handlers['predictFn'] = async (data, model): Promise<Explained[]> => {
  const classified = data as Classified[];
  const rows = classified.length;
  const { contributions, calibrated } = await (model as OnnxModel).run({
    features: { dtype: 'float32', shape: [rows, FEATURES.length], data: Float32Array.from(classified.flatMap(({ features }) => features)) },
    probability: { dtype: 'float32', shape: [rows, 1], data: Float32Array.from(classified, ({ probability }) => probability) },
  });
  const all = contributions!.data as Float32Array;
  return classified.map((one, i) => ({
    ...one,
    contributions: all.subarray(i * FEATURES.length, (i + 1) * FEATURES.length),
    calibrated: (calibrated!.data as Float32Array)[i]!,
  }));
};

export const outputFn: Handlers['outputFn'] = (prediction) => {
  const predictions = (prediction as Explained[]).map(({ label, probability, calibrated, contributions }) => ({
    label,
    probability,
    diagnosis: DIAGNOSES[label],
    calibrated: rounded(calibrated),
    reasons: reasonsFor(label, contributions),
  }));
  return { body: JSON.stringify({ predictions }), contentType: 'application/json' };
};

/** The largest contributions, in log odds of the label that was given. */
function reasonsFor(label: number, contributions: Float32Array): { measurement: string; weight: number }[] {
  const sign = label === 1 ? 1 : -1;
  return Array.from(contributions, (contribution, i) => ({ measurement: FEATURES[i]!, weight: rounded(sign * contribution) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, REASONS);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
