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
  const bytes = Buffer.byteLength(JSON.stringify(machine));
  if (bytes <= DEFINITION_BYTES_LIMIT) return;
  const expected = `a state machine of at most ${DEFINITION_BYTES_LIMIT} bytes`;
  throw new PipelineDefinitionError({ pipeline }, expected, `${bytes}`);
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
