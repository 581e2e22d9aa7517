// The contracts of the pipeline `diabetes-progression`: a patient's ten baseline measurements in, the progression of
// the disease a year later out. Ranges are wide: they catch units mistaken and columns swapped, no more.
import * as v from 'valibot';
import { measured, objectMessage, oneOf } from './fields.ts';

/** One patient. A measurement that was not taken is null, in a CSV file an empty cell; the field must be there. */
export const PatientSchema = v.object(
  {
    age: measured(0, 120),
    sex: oneOf(['F', 'M']),
    /** Body mass index, kg/m². */
    bmi: measured(5, 150),
    /** Average blood pressure, mm Hg. */
    bp: measured(20, 300),
    /** Total serum cholesterol, mg/dl. */
    s1: measured(10, 2_000),
    /** Low-density lipoproteins, mg/dl. */
    s2: measured(0, 1_000),
    /** High-density lipoproteins, mg/dl. */
    s3: measured(1, 500),
    /** Total cholesterol over HDL. */
    s4: measured(0, 100),
    /** Logarithm of serum triglycerides. */
    s5: measured(0, 20),
    /** Blood sugar, mg/dl. */
    s6: measured(10, 1_000),
  },
  objectMessage,
);

export type Patient = v.InferOutput<typeof PatientSchema>;

/** `value` is on the scale of the training data, 25 to 346; `imputed` names what was missing. */
export const ProgressionSchema = v.object({ value: v.number(), imputed: v.array(v.string()) }, objectMessage);
