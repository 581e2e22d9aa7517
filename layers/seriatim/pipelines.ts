// The pipelines that can be called, by name, with the schema of one record. What `start-execution` checks a request
// against; the definitions themselves are in `statemachines/`.
import type { GenericSchema } from 'valibot';
import { PatientSchema, ProgressionSchema } from './contracts/diabetes-progression.ts';
import { HousePriceSchema, HouseSchema } from './contracts/house-prices.ts';
import { PhotoObjectSchema, PhotoSchema, PhotoThemesSchema } from './contracts/photo-themes.ts';
import { RegionalHouseSchema, RegionalPriceSchema } from './contracts/regional-prices.ts';
import { BiopsySchema, ScreeningSchema } from './contracts/tumour-screening.ts';
import { PipelineNotFound } from './errors.ts';

export interface PipelineEntry {
  readonly name: string;
  readonly description: string;
  readonly input: GenericSchema;
  /** What every answer is held to before it goes out; `seriatim check` asks for it. */
  readonly output?: GenericSchema;
  /** The fields of an output record, in the order in which a CSV file has them. */
  readonly outputFields: readonly string[];
  /** Its first stage is an inference: requests go on as the schema reads them, since no function does that. */
  readonly startsWithInference?: boolean;
  /** One record that the pipeline takes; none where a request's body is the record's payload itself. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** The body of a request is this field of the one record, as bytes of one of these types. */
  readonly binary?: BinaryInput;
  /** A batch also gives its records grouped by this field of theirs. */
  readonly groupBy?: string;
}

export interface BinaryInput {
  readonly field: string;
  readonly contentTypes: readonly string[];
  /** A line of a batch, which names an object of the batch bucket. */
  readonly object: GenericSchema<unknown, { readonly key: string }>;
}

const HOUSE = {
  city: 'Houston_TX',
  yearBuilt: 1998,
  squareFeet: 2900,
  bedrooms: 4,
  bathrooms: 2.5,
  lotAcres: 1.1,
  garageSpaces: 2,
  frontPorch: true,
  deck: false,
};

export const PIPELINES: Readonly<Record<string, PipelineEntry>> = {
  'house-prices': {
    name: 'house-prices',
    description: "A house's price, estimated by the model of its city.",
    input: HouseSchema,
    output: HousePriceSchema,
    outputFields: Object.keys(HousePriceSchema.entries),
    example: HOUSE,
  },
  'diabetes-progression': {
    name: 'diabetes-progression',
    description: "A diabetes patient's progression a year after the baseline measurements.",
    input: PatientSchema,
    output: ProgressionSchema,
    outputFields: Object.keys(ProgressionSchema.entries),
    startsWithInference: true,
    example: { age: 59, sex: 'M', bmi: 32.1, bp: 101, s1: 157, s2: 93.2, s3: 38, s4: 4, s5: 4.8598, s6: 87 },
  },
  'tumour-screening': {
    name: 'tumour-screening',
    description: 'Whether a tumour is benign, with reasons and a calibrated probability.',
    input: BiopsySchema,
    output: ScreeningSchema,
    outputFields: Object.keys(ScreeningSchema.entries),
    startsWithInference: true,
    example: {
      mean_radius: 17.99,
      mean_texture: 10.38,
      mean_perimeter: 122.8,
      mean_area: 1001.0,
      mean_smoothness: 0.1184,
      mean_compactness: 0.2776,
      mean_concavity: 0.3001,
      mean_concave_points: 0.1471,
      mean_symmetry: 0.2419,
      mean_fractal_dimension: 0.07871,
      radius_error: 1.095,
      texture_error: 0.9053,
      perimeter_error: 8.589,
      area_error: 153.4,
      smoothness_error: 0.006399,
      compactness_error: 0.04904,
      concavity_error: 0.05373,
      concave_points_error: 0.01587,
      symmetry_error: 0.03003,
      fractal_dimension_error: 0.006193,
      worst_radius: null,
      worst_texture: 17.33,
      worst_perimeter: 184.6,
      worst_area: 2019.0,
      worst_smoothness: 0.1622,
      worst_compactness: 0.6656,
      worst_concavity: 0.7119,
      worst_concave_points: 0.2654,
      worst_symmetry: 0.4601,
      worst_fractal_dimension: 0.1189,
      size_class: 'huge',
    },
  },
  'regional-prices': {
    name: 'regional-prices',
    description: "A house's price for a segment of buyers: the city's model, then the segment's.",
    input: RegionalHouseSchema,
    output: RegionalPriceSchema,
    outputFields: Object.keys(RegionalPriceSchema.entries),
    example: { ...HOUSE, segment: 'family' },
  },
  'photo-themes': {
    name: 'photo-themes',
    description: 'What is on a photo, and its theme.',
    input: PhotoSchema,
    output: PhotoThemesSchema,
    outputFields: ['key', ...Object.keys(PhotoThemesSchema.entries)],
    binary: { field: 'photo', contentTypes: ['image/png', 'image/jpeg'], object: PhotoObjectSchema },
    groupBy: 'theme',
  },
};

const deployed = process.env.PIPELINES?.split(',');

/** Those that are deployed, by name: the function's variable PIPELINES names them, all unless told. */
export const SERVED_PIPELINES: ReadonlyMap<string, PipelineEntry> = new Map(
  Object.entries(PIPELINES).filter(([name]) => deployed === undefined || deployed.includes(name)),
);

/** @throws PipelineNotFound naming the known ones */
export function findPipeline(name: string): PipelineEntry {
  const entry = SERVED_PIPELINES.get(name);
  if (entry === undefined) throw new PipelineNotFound(name, [...SERVED_PIPELINES.keys()]);
  return entry;
}
