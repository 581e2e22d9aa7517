// The fields of a Map state: where its items come from, how they are grouped, where the results go.
import { isObject, type Json, textOf } from '../json/text.ts';
import { evaluatePlainPath } from '../paths/expression.ts';
import { FieldFailure } from '../run/failure.ts';
import { andThen } from '../run/scope.ts';
import { compileNumber, unexpectedType } from './compile-values.ts';
import type { FieldCompiler, Fields } from './fields.ts';
import type { Evaluate, ItemBatcher, ItemReader, MapState, ResultWriter } from './types.ts';

type MapFields = Omit<MapState, 'type' | 'processor' | keyof import('./types.ts').ResultBase>;

export function compileMap(fields: FieldCompiler): MapFields {
  const config = ((fields.source.ItemProcessor as Fields | undefined)?.ProcessorConfig ?? {}) as Fields;
  const concurrency = compileNumber(fields, 'MaxConcurrency', { min: 0 });
  return {
    isDistributed: config.Mode === 'DISTRIBUTED',
    executionType: config.ExecutionType === 'EXPRESS' ? 'EXPRESS' : 'STANDARD',
    label: fields.source.Label as string | undefined,
    items: compileItems(fields),
    // `Parameters` is ItemSelector's old name.
    itemSelector:
      fields.template('ItemSelector') ?? (fields.isJsonata ? undefined : fields.template('Parameters')),
    maxConcurrency: (scope) => andThen(concurrency(scope), (value) => value ?? 0),
    toleratedFailureCount: compileNumber(fields, 'ToleratedFailureCount', { min: 0 }),
    toleratedFailurePercentage: compileNumber(fields, 'ToleratedFailurePercentage', {
      min: 0,
      max: 100,
      isFloat: true,
    }),
    reader: compileReader(fields.inside('ItemReader')),
    batcher: compileBatcher(fields.inside('ItemBatcher')),
    writer: compileWriter(fields.inside('ResultWriter')),
  };
}

function compileItems(fields: FieldCompiler): Evaluate {
  if (fields.isJsonata) return compileJsonataItems(fields);
  const path = fields.path('ItemsPath');
  return (scope) => {
    if (!path) return checkArray(scope.input, '$');
    return checkArray(evaluateItems(path, scope), path.text);
  };
}

function evaluateItems(
  path: NonNullable<ReturnType<FieldCompiler['path']>>,
  scope: Parameters<Evaluate>[0],
): Json {
  return evaluatePlainPath(path, scope);
}

function checkArray(value: Json, path: string): Json {
  if (Array.isArray(value)) return value;
  throw new FieldFailure('States.Runtime', `Reference path "${path}" must point to array.`);
}

function compileJsonataItems(fields: FieldCompiler): Evaluate {
  const items = fields.template('Items');
  if (items === undefined) return (scope) => scope.input;
  return (scope) =>
    andThen(items(scope), (value) => {
      if (Array.isArray(value) || isObject(value)) return value;
      throw unexpectedType(fields, 'Items', { expected: 'array', value });
    });
}

function compileReader(fields: FieldCompiler | undefined): ItemReader | undefined {
  if (fields === undefined) return undefined;
  const config = fields.inside('ReaderConfig');
  const source: Fields = config?.source ?? {};
  return {
    resource: String(fields.source.Resource),
    parameters: fields.template(fields.isJsonata ? 'Arguments' : 'Parameters'),
    inputType: source.InputType as string | undefined,
    transformation: source.Transformation as string | undefined,
    csvHeaderLocation: source.CSVHeaderLocation as string | undefined,
    csvHeaders: source.CSVHeaders as string[] | undefined,
    csvDelimiter: source.CSVDelimiter as string | undefined,
    manifestType: source.ManifestType as string | undefined,
    itemsPointer: source.ItemsPointer as string | undefined,
    maxItems: config === undefined ? () => undefined : compileMaxItems(config),
  };
}

function compileMaxItems(config: FieldCompiler): Evaluate<number | undefined> {
  return compileNumber(config, 'MaxItems', { min: 0 });
}

function compileBatcher(fields: FieldCompiler | undefined): ItemBatcher | undefined {
  if (fields === undefined) return undefined;
  return {
    batchInput: fields.template('BatchInput'),
    maxItems: compileNumber(fields, 'MaxItemsPerBatch', { min: 1 }),
    maxBytes: compileNumber(fields, 'MaxInputBytesPerBatch', { min: 1, max: 262_144 }),
  };
}

function compileWriter(fields: FieldCompiler | undefined): ResultWriter | undefined {
  if (fields === undefined || Object.keys(fields.source).length === 0) return undefined;
  const config = (fields.source.WriterConfig ?? {}) as Fields;
  return {
    resource: fields.source.Resource as string | undefined,
    parameters: fields.template(fields.isJsonata ? 'Arguments' : 'Parameters'),
    transformation: String(config.Transformation ?? 'NONE'),
    outputType: String(config.OutputType ?? 'JSON'),
  };
}

/** What the sentences of readers and writers show of a value. */
export function shownValue(value: Json): string {
  return typeof value === 'string' ? value : textOf(value);
}
