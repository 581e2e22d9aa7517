// From a checked definition to what runs: one entry per state type. Expressions are parsed here, once; whatever is
// wrong with them was found by `check.ts` before, so an error here means an unchecked definition.
import { isObject, type Json, numberOf } from '../json/text.ts';
import { compileChoice } from './compile-choice.ts';
import { compileMap } from './compile-map.ts';
import { compileTask } from './compile-task.ts';
import { compileFail, compileWait } from './compile-values.ts';
import { FieldCompiler, type Fields } from './fields.ts';
import type {
  Catcher,
  CompiledMachine,
  CompiledState,
  ResultBase,
  Retrier,
  StateBase,
  StateGraph,
} from './types.ts';

/** @throws TextSyntaxError, PathSyntaxError, JsonataSyntaxError for a definition that was not checked */
export function compileMachine(definition: Fields): CompiledMachine {
  const isJsonata = definition.QueryLanguage === 'JSONata';
  return {
    ...compileGraph(definition, isJsonata),
    timeoutSeconds: definition.TimeoutSeconds === undefined ? undefined : numberOf(definition.TimeoutSeconds),
  };
}

export function compileGraph(graph: Fields, isJsonata: boolean): StateGraph {
  const states = new Map<string, CompiledState>();
  for (const [name, state] of Object.entries(graph.States as Record<string, Fields>)) {
    states.set(name, compileState(name, state, isJsonata));
  }
  return { startAt: graph.StartAt as string, states };
}

/** One state alone: also what TestState runs. */
export function compileState(name: string, state: Fields, isJsonata: boolean): CompiledState {
  const language = state.QueryLanguage === undefined ? isJsonata : state.QueryLanguage === 'JSONata';
  const fields = new FieldCompiler(state, language);
  const base = compileBase(name, fields);
  switch (state.Type) {
    case 'Pass':
      return compilePass(base, fields);
    case 'Task':
      return { ...compileResultBase(base, fields), type: 'Task', ...compileTask(fields) };
    case 'Choice':
      return { ...base, type: 'Choice', ...compileChoice(fields) };
    case 'Wait':
      return { ...base, type: 'Wait', until: compileWait(fields) };
    case 'Succeed':
      return { ...base, type: 'Succeed' };
    case 'Fail':
      return { ...base, type: 'Fail', ...compileFail(fields) };
    case 'Parallel':
      return {
        ...compileResultBase(base, fields),
        type: 'Parallel',
        branches: (state.Branches as Fields[]).map((branch) => compileGraph(branch, isJsonata)),
      };
    case 'Map':
      return {
        ...compileResultBase(base, fields),
        type: 'Map',
        ...compileMap(fields),
        processor: compileGraph((state.ItemProcessor ?? state.Iterator) as Fields, isJsonata),
      };
    default:
      throw new TypeError(`There is no state type ${String(state.Type)}`);
  }
}

function compileBase(name: string, fields: FieldCompiler): StateBase {
  return {
    name,
    nameText: JSON.stringify(name),
    isJsonata: fields.isJsonata,
    next: fields.source.Next as string | undefined,
    inputPath: fields.path('InputPath'),
    outputPath: fields.path('OutputPath'),
    output: fields.isJsonata ? fields.template('Output') : undefined,
    assign: fields.template('Assign'),
  };
}

function compilePass(base: StateBase, fields: FieldCompiler): CompiledState {
  const { Result } = fields.source;
  return {
    ...compileResultBase(base, fields),
    type: 'Pass',
    result: Result === undefined ? undefined : { value: Result },
  };
}

function compileResultBase(base: StateBase, fields: FieldCompiler): ResultBase {
  return {
    ...base,
    parameters: fields.template(fields.isJsonata ? 'Arguments' : 'Parameters'),
    resultSelector: fields.template('ResultSelector'),
    resultPath: fields.path('ResultPath'),
    retriers: ((fields.source.Retry ?? []) as Fields[]).map(compileRetrier),
    catchers: ((fields.source.Catch ?? []) as Fields[]).map((catcher, index) =>
      compileCatcher(new FieldCompiler(catcher, fields.isJsonata, `Catch[${index}]/`)),
    ),
  };
}

function compileRetrier(retrier: Fields): Retrier {
  return {
    errorEquals: retrier.ErrorEquals as string[],
    intervalSeconds: numberOf(retrier.IntervalSeconds ?? 1),
    maxAttempts: numberOf(retrier.MaxAttempts ?? 3),
    backoffRate: numberOf(retrier.BackoffRate ?? 2),
    maxDelaySeconds: retrier.MaxDelaySeconds === undefined ? undefined : numberOf(retrier.MaxDelaySeconds),
    hasJitter: retrier.JitterStrategy === 'FULL',
  };
}

function compileCatcher(fields: FieldCompiler): Catcher {
  return {
    errorEquals: fields.source.ErrorEquals as string[],
    next: fields.source.Next as string,
    resultPath: fields.path('ResultPath'),
    output: fields.isJsonata ? fields.template('Output') : undefined,
    assign: fields.template('Assign'),
  };
}

/** A definition's JSON as fields. @throws TypeError */
export function asFields(value: Json): Fields {
  if (isObject(value)) return value;
  throw new TypeError('A definition is a JSON object');
}
