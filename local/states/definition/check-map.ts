// Checks of a Map state's own fields: its label, its limits, where its items come from.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
import { isNumber, isObject, type Json, numberOf } from '../json/text.ts';
import type { StateContext } from './check-state.ts';
import type { Fields } from './fields.ts';

const MAX_LABEL = 40;
/** They stand in ARNs. */
const ODD_IN_LABEL = /[\s\p{Cc}\p{Cs}<>{}[\]?*"#%\\^|~`$&,;:/]/u;
const BATCH_SIZES = [
  'MaxItemsPerBatch',
  'MaxItemsPerBatchPath',
  'MaxInputBytesPerBatch',
  'MaxInputBytesPerBatchPath',
];

export function checkMap(state: Fields, context: StateContext): void {
  const { findings, at } = context;
  checkLimits(state, context);
  checkReader(state, context);
  checkWriter(state, context);
  if (state.ItemProcessor === undefined && state.Iterator === undefined) {
    findings.schema('These fields are required: [ItemProcessor]', at);
  }
  if (state.ItemProcessor !== undefined && state.Iterator !== undefined) {
    findings.schema("Only one of 'ItemProcessor' and 'Iterator' can be set", at);
  }
  const { ItemBatcher, Label } = state;
  if (isObject(ItemBatcher) && !BATCH_SIZES.some((field) => ItemBatcher[field] !== undefined)) {
    findings.schema(`One of these fields is required: [${BATCH_SIZES.join(', ')}]`, `${at}/ItemBatcher`);
  }
  if (typeof Label !== 'string') return;
  if (Label === '') findings.schema('Label cannot be empty', `${at}/Label`);
  if (ODD_IN_LABEL.test(Label)) {
    findings.schema('Label cannot contain white space, control or special characters', `${at}/Label`);
  }
  if (Label.length > MAX_LABEL) findings.schema(`Label cannot exceed ${MAX_LABEL} characters`, `${at}/Label`);
}

/** Numbers as they stand in the definition; texts may be JSONata. */
const LIMITS: Readonly<Record<string, number>> = {
  MaxConcurrency: Number.POSITIVE_INFINITY,
  ToleratedFailureCount: Number.POSITIVE_INFINITY,
  ToleratedFailurePercentage: 100,
};

function checkLimits(state: Fields, { findings, at }: StateContext): void {
  for (const [field, most] of Object.entries(LIMITS)) {
    const value = state[field];
    if (value === undefined || typeof value === 'string') continue;
    const place = `${at}/${field}`;
    if (!isNumber(value)) findings.schema('Expected value of type Number', place);
    else if (numberOf(value) < 0) findings.schema('Value must be greater than or equal to 0', place);
    else if (numberOf(value) > most) findings.schema(`Value must be less than or equal to ${most}`, place);
  }
}

const READER_CHOICES: Readonly<Record<string, readonly string[]>> = {
  InputType: ['CSV', 'JSON', 'JSONL', 'PARQUET', 'MANIFEST'],
  CSVHeaderLocation: ['FIRST_ROW', 'GIVEN'],
  CSVDelimiter: ['COMMA', 'PIPE', 'SEMICOLON', 'SPACE', 'TAB'],
  ManifestType: ['ATHENA_DATA', 'S3_INVENTORY'],
  Transformation: ['NONE', 'LOAD_AND_FLATTEN'],
};

const WRITER_CHOICES: Readonly<Record<string, readonly string[]>> = {
  Transformation: ['NONE', 'COMPACT', 'FLATTEN'],
  OutputType: ['JSON', 'JSONL'],
};

function checkReader(state: Fields, { findings, at }: StateContext): void {
  const { ItemReader } = state;
  if (ItemReader === undefined) return;
  if (modeOf(state) !== 'DISTRIBUTED') {
    findings.schema("Field 'ItemReader' is only supported in the mode 'DISTRIBUTED'", at);
  }
  const config = isObject(ItemReader) ? ItemReader.ReaderConfig : undefined;
  if (!isObject(config)) return;
  const place = `${at}/ItemReader/ReaderConfig`;
  checkChoices(config, READER_CHOICES, { findings, at: place });
  checkHeaders(config, place, findings);
}

function checkWriter({ ResultWriter }: Fields, { findings, at }: StateContext): void {
  const config = isObject(ResultWriter) ? ResultWriter.WriterConfig : undefined;
  if (!isObject(config)) return;
  checkChoices(config, WRITER_CHOICES, { findings, at: `${at}/ResultWriter/WriterConfig` });
}

function checkChoices(
  config: Fields,
  choices: Readonly<Record<string, readonly string[]>>,
  { findings, at }: Pick<StateContext, 'findings' | 'at'>,
): void {
  for (const [field, values] of Object.entries(choices)) {
    const value = config[field];
    if (value === undefined || values.some((candidate) => candidate === value)) continue;
    const sentence = `The field '${field}' should have one of these values: [${values.join(', ')}]`;
    findings.schema(sentence, `${at}/${field}`);
  }
}

function checkHeaders(config: Fields, place: string, findings: StateContext['findings']): void {
  const { CSVHeaderLocation, CSVHeaders } = config;
  if (CSVHeaderLocation === 'GIVEN' && CSVHeaders === undefined) {
    findings.schema('These fields are required: [CSVHeaders]', place);
  } else if (CSVHeaderLocation === 'FIRST_ROW' && CSVHeaders !== undefined) {
    findings.schema("'CSVHeaders' can only be set when 'CSVHeaderLocation' is 'GIVEN'", place);
  }
  if (CSVHeaders !== undefined && !isTextList(CSVHeaders)) {
    findings.schema('Expected value of type Array of String', `${place}/CSVHeaders`);
  }
}

function isTextList(value: Json): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

function modeOf(state: Fields): Json {
  const processor = state.ItemProcessor ?? state.Iterator;
  const config = isObject(processor) ? processor.ProcessorConfig : undefined;
  return isObject(config) ? config.Mode : undefined;
}
