// What AWS limits of a compiled state machine: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
import type { State, StateMachine, States } from './asl.ts';
import { PipelineDefinitionError } from './errors.ts';

const NAME_LIMIT = 80;
const DEFINITION_BYTES_LIMIT = 1_048_576;

/** @throws PipelineDefinitionError for a name that is too long or there twice, and for a definition that is too large */
export function checkMachine(pipeline: string, machine: StateMachine): void {
  const names = stateNames(machine.States);
  const long = names.find((name) => name.length > NAME_LIMIT);
  if (long !== undefined)
    throw new PipelineDefinitionError({ pipeline }, `state names of at most ${NAME_LIMIT}`, `"${long}"`);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new PipelineDefinitionError({ pipeline }, 'each state name once', `"${twice}" twice`);
  checkScopes(pipeline, machine.States);
  const text = JSON.stringify(machine);
  // CloudFormation refuses a template with one, and the Serverless Framework leaves them out.
  if (/[:,[]null\b/.test(text.replaceAll(/"(\\.|[^"\\])*"/g, '""')))
    throw new PipelineDefinitionError({ pipeline }, 'no null but in an expression', 'one');
  const bytes = Buffer.byteLength(text);
  if (bytes <= DEFINITION_BYTES_LIMIT) return;
  const expected = `a state machine of at most ${DEFINITION_BYTES_LIMIT} bytes`;
  throw new PipelineDefinitionError({ pipeline }, expected, `${bytes}`);
}

/**
 * AWS takes no assignment in a branch or an iteration to a variable of an outer scope:
 * https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
 */
function checkScopes(pipeline: string, states: States, outer: readonly string[] = []): void {
  const own = Object.values(states).flatMap(variablesOf);
  const taken = own.find((name) => outer.includes(name));
  if (taken !== undefined) {
    const expected = 'variables of their own in every branch';
    throw new PipelineDefinitionError({ pipeline }, expected, `"${taken}" of an outer scope`);
  }
  for (const inner of Object.values(states).flatMap(machinesIn))
    checkScopes(pipeline, inner.States, [...outer, ...own]);
}

function variablesOf(state: State): string[] {
  const { Choices = [], Catch = [] } = state as { Choices?: Assigning[]; Catch?: Assigning[] };
  return [state as Assigning, ...Choices, ...Catch].flatMap(({ Assign = {} }) => Object.keys(Assign));
}

interface Assigning {
  readonly Assign?: object;
}

function stateNames(states: States): string[] {
  return Object.entries(states).flatMap(([name, state]) => [
    name,
    ...machinesIn(state).flatMap((inner) => stateNames(inner.States)),
  ]);
}

function machinesIn(state: State): { readonly States: States }[] {
  const { ItemProcessor, Branches = [] } = state as {
    ItemProcessor?: { readonly States: States };
    Branches?: { readonly States: States }[];
  };
  return [...(ItemProcessor === undefined ? [] : [ItemProcessor]), ...Branches];
}
