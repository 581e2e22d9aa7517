// The pipelines that can be called, by name, with the schema of one record. What `start-execution` checks a request
// against; the definitions themselves are in `statemachines/`.
import type { GenericSchema } from 'valibot';
import { PatientSchema, ProgressionSchema } from './contracts/diabetes-progression.ts';
import { HousePriceSchema, HouseSchema } from './contracts/house-prices.ts';
import { PipelineNotFound } from './errors.ts';

export interface PipelineEntry {
  readonly name: string;
  readonly description: string;
  readonly input: GenericSchema;
  /** The fields of an output record, in the order in which a CSV file has them. */
  readonly outputFields: readonly string[];
  /** Its first stage is an inference: requests go on as the schema reads them, since no function does that. */
  readonly startsWithInference?: boolean;
  /** One record that the pipeline takes. */
  readonly example: Readonly<Record<string, unknown>>;
}

export const PIPELINES: Readonly<Record<string, PipelineEntry>> = {
  'house-prices': {
    name: 'house-prices',
    description: "A house's price, estimated by the model of its city.",
    input: HouseSchema,
    outputFields: Object.keys(HousePriceSchema.entries),
    example: {
      city: 'Houston_TX',
      yearBuilt: 1998,
      squareFeet: 2900,
      bedrooms: 4,
      bathrooms: 2.5,
      lotAcres: 1.1,
      garageSpaces: 2,
      frontPorch: true,
      deck: false,
    },
  },
  'diabetes-progression': {
    name: 'diabetes-progression',
    description: "A diabetes patient's progression a year after the baseline measurements.",
    input: PatientSchema,
    outputFields: Object.keys(ProgressionSchema.entries),
    startsWithInference: true,
    example: { age: 59, sex: 'M', bmi: 32.1, bp: 101, s1: 157, s2: 93.2, s3: 38, s4: 4, s5: 4.8598, s6: 87 },
  },
};

/** @throws PipelineNotFound naming the known ones */
export function findPipeline(name: string): PipelineEntry {
  const entry = Object.hasOwn(PIPELINES, name) ? PIPELINES[name] : undefined;
  if (entry === undefined) throw new PipelineNotFound(name, Object.keys(PIPELINES));
  return entry;
}
