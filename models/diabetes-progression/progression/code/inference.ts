// The handlers of diabetes-progression: feature scaling, boosted trees and the formatting of the answer in one
// container. Each stage of the work is one handler; SageMaker calls them in the order in which they stand here.
import type { Handlers, ModelContext, OnnxModel } from 'seriatim-container';

/** In the order in which the feature model was trained. */
const MEASUREMENTS = ['age', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6'] as const;

interface Models {
  readonly features: OnnxModel;
  readonly trees: OnnxModel;
}

interface Patients {
  readonly numeric: Float32Array;
  readonly sex: string[];
  /** Per patient, the measurements that were not taken. */
  readonly missing: string[][];
}

type Patient = Readonly<Record<string, number | string | null>>;

export const modelFn = async (_folder: string, context: ModelContext): Promise<Models> => ({
  features: await context.openModel('features.onnx'),
  trees: await context.openModel('model.onnx'),
});

export const inputFn: Handlers['inputFn'] = (body, contentType): Patients => {
  if (!contentType.startsWith('application/json')) throw problem(415, `application/json is read, not ${contentType}`);
  const patients = instancesOf(body.toString('utf8'));
  return {
    numeric: Float32Array.from(patients.flatMap((patient, i) => MEASUREMENTS.map((name) => measured(patient, name, i)))),
    sex: patients.map(({ sex }) => String(sex)),
    missing: patients.map((patient) => MEASUREMENTS.filter((name) => patient[name] === null)),
  };
};

export const predictFn = async (data: unknown, model: unknown) => {
  const { numeric, sex, missing } = data as Patients;
  const { features, trees } = model as Models;
  const rows = sex.length;
  const scaled = await features.run({
    numeric: { dtype: 'float32', shape: [rows, MEASUREMENTS.length], data: numeric },
    categorical: { dtype: 'string', shape: [rows, 1], data: sex },
  });
  const { value } = await trees.run({ features: scaled.features! });
  return { values: value!.data as Float32Array, missing };
};

/** `imputed` names what was missing and taken as the training data's median. */
export const outputFn: Handlers['outputFn'] = (prediction) => {
  const { values, missing } = prediction as { values: Float32Array; missing: string[][] };
  const predictions = missing.map((imputed, i) => ({ value: values[i], imputed }));
  return { body: JSON.stringify({ predictions }), contentType: 'application/json' };
};

function instancesOf(text: string): Patient[] {
  const { instances } = JSON.parse(text) as { instances?: Patient[] };
  if (!Array.isArray(instances)) throw problem(400, 'expected {"instances":[…]}');
  return instances;
}

function measured(patient: Patient, name: string, position: number): number {
  const value = patient[name];
  if (value === null) return Number.NaN;
  if (typeof value === 'number') return value;
  throw problem(400, `instances[${position}].${name}: expected a number or null, got ${JSON.stringify(value)}`);
}

function problem(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
