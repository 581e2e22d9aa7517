// Where an execution stood when it entered a stage: the stage's input, and the variables assigned by then. Only states
// of the state machine itself count: what a Map's iterations assign is theirs.
import { type HistoryEvent, isObject, textOf } from '../history.ts';
import { parseJson } from '../payload.ts';
import { readRerunInput } from '../rerun-input.ts';
import { NotPossible } from './derive.ts';

export interface Standing {
  readonly input: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** @param states names of the state machine's own states. @throws NotPossible when the stage was never entered */
export function standingAt(
  events: readonly HistoryEvent[],
  stage: string,
  states: ReadonlySet<string>,
): Standing {
  const sorted = [...events].sort((a, b) => a.id - b.id);
  const entered = sorted.findLastIndex(
    ({ type, details }) => type.endsWith('StateEntered') && textOf(details, 'name') === stage,
  );
  if (entered < 0) throw new NotPossible(`The execution never entered the stage "${stage}".`);
  const variables: Record<string, unknown> = {};
  for (const { type, details } of sorted.slice(0, entered)) {
    if (!type.endsWith('StateExited') || !states.has(textOf(details, 'name') ?? '')) continue;
    Object.assign(variables, assigned(details.assignedVariables));
  }
  return { input: parsedOf(sorted[entered]!.details.input), variables };
}

/** What the execution's first stage was given; of a rerun, what that handed on. */
export function givenTo(input: unknown): Standing {
  const rerun = readRerunInput(input);
  return rerun === undefined ? { input, variables: {} } : { input: rerun.input, variables: rerun.variables };
}

function assigned(variables: unknown): Record<string, unknown> {
  if (!isObject(variables)) return {};
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, parsedOf(value)]));
}

function parsedOf(value: unknown): unknown {
  return typeof value === 'string' ? (parseJson(value) ?? value) : value;
}
