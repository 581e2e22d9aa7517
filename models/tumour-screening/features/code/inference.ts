// The first container of tumour-screening: biopsies as JSON records in, scaled features out as one NumPy array
// (SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT of the container). The default handlers run the model between the two.
import type { Handlers } from 'seriatim-container';

/** In the order in which the feature model was trained: three statistics of ten properties of the cell nuclei. */
const PROPERTIES = ['radius', 'texture', 'perimeter', 'area', 'smoothness', 'compactness', 'concavity', 'concave_points', 'symmetry', 'fractal_dimension'];
const MEASUREMENTS = [
  ...PROPERTIES.map((name) => `mean_${name}`),
  ...PROPERTIES.map((name) => `${name}_error`),
  ...PROPERTIES.map((name) => `worst_${name}`),
];

type Biopsy = Readonly<Record<string, number | string | null>>;

export const inputFn: Handlers['inputFn'] = (body, contentType) => {
  if (!contentType.startsWith('application/json')) throw problem(415, `application/json is read, not ${contentType}`);
  const { instances } = JSON.parse(body.toString('utf8')) as { instances?: Biopsy[] };
  if (!Array.isArray(instances)) throw problem(400, 'expected {"instances":[…]}');
  const numeric = instances.flatMap((biopsy, i) => MEASUREMENTS.map((name) => measured(biopsy, name, i)));
  const categorical = instances.map(({ size_class: size }) => String(size));
  return {
    numeric: { dtype: 'float32', shape: [instances.length, MEASUREMENTS.length], data: Float32Array.from(numeric) },
    categorical: { dtype: 'string', shape: [instances.length, 1], data: categorical },
  };
};

/** What is missing is NaN, which the model takes for the median. */
function measured(biopsy: Biopsy, name: string, position: number): number {
  const value = biopsy[name];
  if (value === null) return Number.NaN;
  if (typeof value === 'number') return value;
  throw problem(400, `instances[${position}].${name}: expected a number or null, got ${JSON.stringify(value)}`);
}

function problem(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
