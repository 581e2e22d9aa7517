// The contracts of the pipeline `tumour-screening`: thirty measurements of the cell nuclei of a biopsy in, a diagnosis
// with its reasons out. A measurement is never negative; what is larger than any unit explains is refused.
import * as v from 'valibot';
import { measured, objectMessage, oneOf } from './fields.ts';

const PROPERTIES = [
  'radius',
  'texture',
  'perimeter',
  'area',
  'smoothness',
  'compactness',
  'concavity',
  'concave_points',
  'symmetry',
  'fractal_dimension',
] as const;

type Property = (typeof PROPERTIES)[number];
type Measurement = `mean_${Property}` | `${Property}_error` | `worst_${Property}`;

const MEASUREMENTS = (['mean_', '', 'worst_'] as const).flatMap((prefix) =>
  PROPERTIES.map((name) => `${prefix}${name}${prefix === '' ? '_error' : ''}` as Measurement),
);

const measurements = Object.fromEntries(MEASUREMENTS.map((name) => [name, measured(0, 100_000)])) as Record<
  Measurement,
  ReturnType<typeof measured>
>;

/** One biopsy. A measurement that was not taken is null, in a CSV file an empty cell; the field must be there. */
export const BiopsySchema = v.object(
  { ...measurements, size_class: oneOf(['small', 'medium', 'large', 'huge']) },
  objectMessage,
);

/** `probability` is the classifier's, `calibrated` what it is worth; both are of label 1, benign. */
export const ScreeningSchema = v.object(
  {
    label: v.picklist([0, 1]),
    probability: v.number(),
    diagnosis: v.picklist(['malignant', 'benign']),
    calibrated: v.number(),
    /** The measurements that speak most for the label, in log odds, the largest first. */
    reasons: v.array(v.object({ measurement: v.string(), weight: v.number() })),
  },
  objectMessage,
);
