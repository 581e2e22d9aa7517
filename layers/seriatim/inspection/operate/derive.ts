// A state machine derived for a rerun: a first state `Resume` that hands over what the input carries, then the
// definition as it was, with calls to endpoints redirected where that was asked. Pure; the same wish gives the same
// text, so that a definition has few derived ones.
import { createHash } from 'node:crypto';
import { isObject } from '../history.ts';
import { RESUME_STATE } from '../rerun-input.ts';

export interface Redirection {
  readonly targetModel?: string;
  readonly variant?: string;
  readonly endpoint?: string;
}

export interface DerivedMachine {
  /** Amazon States Language. */
  readonly definition: string;
  /** The first 8 hexadecimal digits of its sha256. */
  readonly hash: string;
  /** Where it resumes. */
  readonly from: string;
}

/** Why a rerun cannot be made; told to whoever asked for it. */
export class NotPossible extends Error {}

/** The definition has no stage of that name. */
export class NoSuchStage extends Error {
  constructor(stage: string, states: readonly string[]) {
    const known = states.filter((name) => name !== RESUME_STATE);
    super(`There is no stage "${stage}": there are ${known.join(', ')}.`);
  }
}

type States = Readonly<Record<string, Record<string, unknown>>>;

export interface Derivation {
  /** The state machine's own beginning unless told. */
  readonly from?: string | undefined;
  readonly variables: readonly string[];
  /** The stage is handed the rest of the execution's input, not a member of it. */
  readonly handsRest: boolean;
  readonly redirection: Redirection;
}

/** @throws NotPossible */
export function deriveMachine(
  definition: string,
  { from, variables, handsRest, redirection }: Derivation,
): DerivedMachine {
  const machine = structuredClone(JSON.parse(definition)) as Record<string, unknown>;
  const states = machine.States as States;
  const start = from ?? beginsAt(machine);
  if (!Object.hasOwn(states, start) || start === RESUME_STATE) {
    throw new NotPossible(new NoSuchStage(start, Object.keys(states)).message);
  }
  if (Object.keys(redirection).length > 0) redirect(states, start, redirection, from !== undefined);
  const kept = reachableFrom(start, states);
  const derived = {
    ...machine,
    StartAt: RESUME_STATE,
    States: { [RESUME_STATE]: resume(start, { variables, handsRest }), ...kept },
  };
  const text = JSON.stringify(derived);
  return { definition: text, hash: createHash('sha256').update(text).digest('hex').slice(0, 8), from: start };
}

/** A rerun of a rerun begins where the first one would have. */
export function beginsAt(machine: Readonly<Record<string, unknown>>): string {
  const start = String(machine.StartAt);
  if (start !== RESUME_STATE || !isObject(machine.States)) return start;
  const resume = machine.States[RESUME_STATE];
  return String(isObject(resume) ? resume.Next : undefined);
}

/** Step Functions refuses a definition with states that nothing leads to. */
function reachableFrom(start: string, states: States): States {
  const reached = new Set<string>([start]);
  for (const name of reached) {
    for (const next of followers(states[name] ?? {})) if (Object.hasOwn(states, next)) reached.add(next);
  }
  return Object.fromEntries([...reached].map((name) => [name, states[name]!]));
}

function followers(state: Record<string, unknown>): string[] {
  const branches = [state.Choices, state.Catch].flatMap((list) =>
    Array.isArray(list) ? list.filter(isObject) : [],
  );
  return [state.Next, state.Default, ...branches.map(({ Next }) => Next)].filter(
    (name) => typeof name === 'string',
  );
}

function resume(
  next: string,
  { variables, handsRest }: Pick<Derivation, 'variables' | 'handsRest'>,
): Record<string, unknown> {
  const assigned = variables.map((name) => [name, `{% $states.input.rerun.variables.${name} %}`]);
  return {
    Type: 'Pass',
    QueryLanguage: 'JSONata',
    Comment: 'Goes on with what an earlier execution had here.',
    ...(assigned.length === 0 ? {} : { Assign: Object.fromEntries(assigned) }),
    Output: handsRest
      ? "{% $sift($states.input, function($value, $name) { $name != 'rerun' }) %}"
      : '{% $states.input.rerun.input %}',
    Next: next,
  };
}

/** Of the stage where it begins when that was named; otherwise there must be one stage only that calls endpoints. */
function redirect(states: States, start: string, redirection: Redirection, isNamed: boolean): void {
  const calling = Object.keys(states).filter((name) => callsIn(states[name]!).length > 0);
  if (isNamed && !calling.includes(start)) {
    throw new NotPossible(`The stage "${start}" calls no endpoint: ${told(calling)} can be redirected.`);
  }
  if (!isNamed && calling.length !== 1) {
    throw new NotPossible(`Name the stage whose calls are redirected: ${told(calling)}.`);
  }
  const stage = isNamed ? start : calling[0]!;
  const calls = callsIn(states[stage]!);
  const endpoints = new Set(calls.map(({ endpoint }) => endpoint));
  if (endpoints.size > 1) {
    throw new NotPossible(
      `The stage "${stage}" calls ${endpoints.size} endpoints: one of them cannot be redirected.`,
    );
  }
  for (const { redirectTo } of calls) redirectTo(redirection);
}

function told(stages: readonly string[]): string {
  return stages.length === 0 ? 'no stage calls an endpoint' : stages.join(', ');
}

interface Call {
  readonly endpoint: string;
  readonly redirectTo: (redirection: Redirection) => void;
}

const NAMES = { targetModel: 'TargetModel', variant: 'TargetVariant', endpoint: 'EndpointName' } as const;
/** As the function `invoke-endpoint` spells them. */
const FUNCTION_NAMES = {
  targetModel: 'targetModel',
  variant: 'targetVariant',
  endpoint: 'endpointName',
} as const;

/** Every call to an endpoint in a state, however deep inside Maps and branches. */
function callsIn(state: Record<string, unknown>): Call[] {
  const own = argumentsOf(state);
  const inner = [
    state.ItemProcessor,
    state.Iterator,
    ...(Array.isArray(state.Branches) ? state.Branches : []),
  ]
    .filter(isObject)
    .flatMap((machine) => Object.values(isObject(machine.States) ? machine.States : {}))
    .filter(isObject)
    .flatMap(callsIn);
  return own === undefined ? inner : [own, ...inner];
}

function argumentsOf(state: Record<string, unknown>): Call | undefined {
  const parameters = state.Arguments ?? state.Parameters;
  if (!isObject(parameters)) return;
  if (String(state.Resource).endsWith(':sagemakerruntime:invokeEndpoint')) return replacer(parameters, NAMES);
  const { Payload } = parameters;
  const isCall = isObject(Payload) && ('endpointName' in Payload || 'endpointName.$' in Payload);
  return isCall ? replacer(Payload, FUNCTION_NAMES) : undefined;
}

function replacer(target: Record<string, unknown>, names: Readonly<Record<keyof Redirection, string>>): Call {
  const endpoint = String(target[names.endpoint] ?? target[`${names.endpoint}.$`]);
  const redirectTo = (redirection: Redirection): void => {
    for (const [what, value] of Object.entries(redirection)) {
      const name = names[what as keyof Redirection];
      delete target[`${name}.$`];
      target[name] = value;
    }
  };
  return { endpoint, redirectTo };
}
