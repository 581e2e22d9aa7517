// TestState: one state run alone, with a mocked result or the real work, and a look at its data on the way.
// https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
import { randomUUID } from 'node:crypto';
import { arn as arnOf, type SdkOperations, type SdkValues } from '../../service.ts';
import { checkDefinition, invalidDefinition } from '../definition/check.ts';
import { compileState } from '../definition/compile.ts';
import type { Fields } from '../definition/fields.ts';
import type { CompiledState } from '../definition/types.ts';
import { holdsLiterals, isObject, type Json, parseJson, textOf } from '../json/text.ts';
import { Cancelled } from '../run/cancellation.ts';
import type { Exit } from '../run/data-flow.ts';
import type { MachineRevision } from '../run/engine.ts';
import { Execution } from '../run/execution.ts';
import { StateFailure } from '../run/failure.ts';
import { Frame } from '../run/frame.ts';
import { RetryWanted, type StateTest } from '../run/inspection.ts';
import { runState } from '../run/interpreter.ts';
import { validation } from './api-errors.ts';
import { optionalChoice, optionalText, requiredText } from './input.ts';
import { checkTest, readMock } from './test-mocks.ts';
import type { World } from './world.ts';

export function testStateOperations(world: World): SdkOperations {
  return { testState: (input) => testState(world, input) };
}

/** TRACE shows an HTTP task's request and answer as they went over the wire. */
const LEVELS = ['INFO', 'DEBUG', 'TRACE'] as const;

/** A test ends after five minutes with States.Timeout. */
const TEST_MS = 300_000;

const DEFAULT_STATE_NAME = 'StateName';

async function testState(world: World, input: SdkValues): Promise<SdkValues> {
  optionalChoice(input, 'inspectionLevel', LEVELS);
  const { name, fields, isJsonata } = findState(input);
  const state = compileState(name, fields, isJsonata);
  checkTest(input, state);
  const inputText = optionalText(input, 'input') ?? '{}';
  const test: StateTest = {
    data: { input: inputText },
    mock: readMock(input),
    retryCount: Number((input.stateConfiguration as SdkValues | undefined)?.retrierRetryCount ?? 0),
    context: undefined,
    failedIterations: Number(
      (input.stateConfiguration as SdkValues | undefined)?.mapIterationFailureCount ?? 0,
    ),
  };
  const frame = prepare(world, input, { state, test, inputText });
  const unschedule = world.clock.schedule(TEST_MS, () => frame.execution.cancellation.cancel());
  const outcome = await runOnce(frame).finally(unschedule);
  const variables = { ...frame.variables };
  if (Object.keys(variables).length > 0) test.data.variables = textOf(variables);
  return { ...outcome, ...inspection(input, test) };
}

function findState(input: SdkValues): { name: string; fields: Fields; isJsonata: boolean } {
  const text = requiredText(input, 'definition');
  const stateName = optionalText(input, 'stateName');
  const definition = parseDefinition(text);
  if (stateName === undefined && definition.Type !== undefined) {
    const isJsonata = definition.QueryLanguage === 'JSONata';
    const name = DEFAULT_STATE_NAME;
    // Where it would lead is no concern of a test.
    const alone = { StartAt: name, States: { [name]: definition } };
    check(JSON.stringify(alone));
    return { name, fields: definition, isJsonata };
  }
  check(text);
  if (stateName === undefined) {
    throw validation('stateName is required when the definition is one of a whole state machine');
  }
  const name = stateName;
  const fields = search(definition, name);
  if (fields === undefined)
    throw validation(`State '${name}' does not exist in the state machine definition`);
  return { name, fields, isJsonata: definition.QueryLanguage === 'JSONata' };
}

function parseDefinition(text: string): Fields {
  const found = checkDefinition(text, 'STANDARD').filter(({ code }) => code === 'INVALID_JSON_DESCRIPTION');
  if (found.length > 0) throw invalidDefinition(found);
  const definition = parseJson(text);
  return isObject(definition) ? definition : {};
}

/** Errors of form only: where states lead is not tested. */
function check(text: string): void {
  const errors = checkDefinition(text, 'STANDARD').filter(
    ({ severity, code }) =>
      severity === 'ERROR' && code !== 'MISSING_TRANSITION_TARGET' && code !== 'MISSING_END_STATE',
  );
  if (errors.length > 0) throw invalidDefinition(errors);
}

/** A state by name, in the machine or in any branch or item processor. */
function search(graph: Fields, name: string): Fields | undefined {
  const states = (graph.States ?? {}) as Record<string, Fields>;
  if (Object.hasOwn(states, name)) return states[name];
  for (const state of Object.values(states)) {
    const inner = [...((state.Branches ?? []) as Fields[]), state.ItemProcessor, state.Iterator].filter(
      isObject,
    );
    for (const candidate of inner) {
      const found = search(candidate, name);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

interface Prepared {
  readonly state: CompiledState;
  readonly test: StateTest;
  readonly inputText: string;
}

function prepare(world: World, input: SdkValues, { state, test, inputText }: Prepared): Frame {
  const machine = testMachine(world, input, state);
  const name = randomUUID();
  const value = parseInput(inputText);
  const startMs = world.clock.now();
  const execution = new Execution({
    arn: arnOf(world.place, 'states', `express:${machine.name}:${name}`),
    name,
    engine: world.executor.world,
    machine,
    input: value,
    inputText,
    startMs,
    sink: undefined,
    test: { ...test, context: readContext(input) },
  });
  execution.hasLiterals = holdsLiterals(value, inputText);
  const frame = new Frame({ execution, graph: machine.compiled, input: value, previous: 0 });
  Object.assign(frame.variables, parseObject(optionalText(input, 'variables')));
  return frame;
}

function parseInput(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw validation('Input is not valid JSON');
  }
}

function parseObject(text: string | undefined): Record<string, Json> {
  const value = text === undefined ? {} : parseInput(text);
  return isObject(value) ? value : {};
}

function testMachine(world: World, input: SdkValues, state: CompiledState): MachineRevision {
  const name = randomUUID();
  const arn = arnOf(world.place, 'states', `stateMachine:${name}`);
  return {
    arn,
    contextArn: arn,
    name,
    type: 'EXPRESS',
    roleArn: optionalText(input, 'roleArn') ?? '',
    definition: '',
    revisionId: name,
    holdsLiterals: false,
    compiled: {
      startAt: state.name,
      states: new Map([[state.name, state]]),
      timeoutSeconds: undefined,
    },
  };
}

function readContext(input: SdkValues): Json | undefined {
  const text = optionalText(input, 'context');
  return text === undefined ? undefined : parseInput(text);
}

async function runOnce(frame: Frame): Promise<SdkValues> {
  try {
    const exit = await runState(frame);
    const caught = frame.execution.start.test?.data.caught as StateFailure | undefined;
    return {
      ...succeeded(exit),
      ...(caught === undefined ? {} : { ...failed(caught), status: 'CAUGHT_ERROR' }),
    };
  } catch (thrown) {
    if (thrown instanceof RetryWanted) return retriable(frame, thrown);
    if (thrown instanceof StateFailure) return { ...failed(thrown), status: 'FAILED' };
    if (thrown instanceof Cancelled) return { error: 'States.Timeout', status: 'FAILED' };
    throw thrown;
  }
}

function succeeded(exit: Exit): SdkValues {
  return {
    output: textOf(exit.output),
    ...(exit.next === undefined ? {} : { nextState: exit.next }),
    status: 'SUCCEEDED',
  };
}

function failed(failure: { error: string | undefined; failureCause: string | undefined }): SdkValues {
  return {
    ...(failure.error === undefined ? {} : { error: failure.error }),
    ...(failure.failureCause === undefined ? {} : { cause: failure.failureCause }),
  };
}

function retriable(frame: Frame, wanted: RetryWanted): SdkValues {
  const { test } = frame.execution.start;
  if (test !== undefined) {
    test.data.errorDetails = {
      retryIndex: wanted.retryIndex,
      retryBackoffIntervalSeconds: Math.round(wanted.delaySeconds),
    };
  }
  return { ...failed(wanted.failure), status: 'RETRIABLE' };
}

function inspection(input: SdkValues, test: StateTest): SdkValues {
  const level = optionalChoice(input, 'inspectionLevel', LEVELS) ?? 'INFO';
  if (level === 'INFO') return {};
  const { caught: _caught, request, response, ...inspectionData } = test.data;
  if (level === 'DEBUG' || request === undefined) return { inspectionData };
  return { inspectionData: { ...inspectionData, request, ...(response === undefined ? {} : { response }) } };
}
