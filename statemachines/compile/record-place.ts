// What the states of a pipeline with `flow: 'record'` have in common: where they stand, what comes next, and how a state
// hands the record on. In all of them a field of the record is `$states.input.<field>`.
import type { Pipeline, Stage } from '../pipeline.ts';
import { type Catcher, expression, type States } from './asl.ts';
import { PipelineDefinitionError } from './errors.ts';

/** What differs between a request and a batch's Map. */
export interface RecordSetting {
  readonly isBatch: boolean;
  /** After every state's name: names are unique in a whole state machine, children included. */
  readonly suffix: string;
}

export interface Place {
  readonly pipeline: Pipeline;
  readonly setting: RecordSetting;
  /** The state that follows. */
  readonly next: string;
  /** The fields of the record that something later takes. */
  readonly needed: ReadonlySet<string>;
  /** The state that a failure goes to, as `{stage, failure}`. */
  readonly failTo: string;
  /** The innermost branch of a parallel stage that this is in. It tells of no times: the parallel stage does. */
  readonly branch?: string;
}

/** The states of one or several stages, and the one that they start with. */
export interface Flow {
  readonly start: string;
  readonly states: States;
}

/** Fields that a batch of objects adds to each record, and to its answer. */
const OBJECT_FIELDS = ['key'] as const;

export function batchFields({ pipeline, setting }: Pick<Place, 'pipeline' | 'setting'>): readonly string[] {
  return setting.isBatch && pipeline.body === 'payload' ? OBJECT_FIELDS : [];
}

export function fieldPath(field: string): string {
  return `$states.input.${field}`;
}

/** The record after a state: the fields that are needed later, those in `given` from there. */
export function outputWith(
  place: Place,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const fields = [...batchFields(place), ...place.needed];
  return Object.fromEntries(
    fields.map((field) => [
      field,
      expression(Object.hasOwn(given, field) ? given[field]! : fieldPath(field)),
    ]),
  );
}

/**
 * Variables of a request: when the stage was entered, and what it gave if the request asked for it.
 * @param before what earlier stages gave of what the request asked for
 */
export function assigned(
  stage: Stage,
  place: Place,
  given?: Readonly<Record<string, string>>,
  before = `$${includedIn(place)}`,
): { Assign?: Record<string, string> } {
  if (place.setting.isBatch) return {};
  const Assign: Record<string, string> = {};
  if (place.branch === undefined) Assign.entered = expression(enteredWith(stage));
  if (given !== undefined) Assign[includedIn(place)] = expression(includedWith(stage, given, before));
  return Object.keys(Assign).length === 0 ? {} : { Assign };
}

function enteredWith({ name }: Stage): string {
  return `$merge([$entered, {"${name}": $states.context.State.EnteredTime}])`;
}

/**
 * The variable of what was asked to be included. A branch has one of its own, since AWS takes no assignment to a variable
 * of an outer scope: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
 */
export function includedIn({ branch = '' }: Place): string {
  return `included${branch}`;
}

function includedWith({ name }: Stage, given: Readonly<Record<string, string>>, before: string): string {
  const fields = Object.entries(given).map(([field, path]) => `"${field}": ${path}`);
  const own = `$merge([${before}, {"${name}": {${fields.join(', ')}}}])`;
  return `"${name}" in $states.context.Execution.Input.include ? ${own} : ${before}`;
}

export function catchAll(stage: Stage, next: string): Catcher {
  return {
    ErrorEquals: ['States.ALL'],
    Output: { stage: stage.name, failure: expression('$states.errorOutput') },
    Next: next,
  };
}

export function comment({ description }: { readonly description?: string }): { Comment?: string } {
  return description === undefined ? {} : { Comment: description };
}

/** @throws PipelineDefinitionError for a state whose name is taken */
export function joinStates(pipeline: Pipeline, ...parts: readonly States[]): States {
  const all: Record<string, States[string]> = {};
  for (const [name, state] of parts.flatMap((part) => Object.entries(part))) {
    if (Object.hasOwn(all, name)) {
      const found = `two stages that need a state of the name "${name}"`;
      throw new PipelineDefinitionError({ pipeline: pipeline.name }, 'names of their own', found);
    }
    all[name] = state;
  }
  return all;
}
