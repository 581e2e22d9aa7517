// What TestState demands of its input, and of a mocked result: that it has the shape of the integration's answer.
import type { SdkValues } from '../../service.ts';
import type { CompiledState, MapState, TaskState } from '../definition/types.ts';
import { isObject, type Json, parseJson } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import { validation } from './api-errors.ts';
import { checkMockShape, type FieldValidationMode } from './mock-shapes.ts';

interface Mock {
  readonly result?: string;
  readonly errorOutput?: { readonly error?: string; readonly cause?: string };
  readonly fieldValidationMode?: FieldValidationMode;
}

const MOCKED_TYPES = new Set(['Task', 'Parallel', 'Map']);

/** @throws AwsError ValidationException */
export function checkTest(input: SdkValues, state: CompiledState): void {
  const mock = input.mock as Mock | undefined;
  if (mock === undefined) {
    if (state.type === 'Task' && typeof input.roleArn !== 'string') {
      throw validation('RoleArn must be specified when testing a Task state');
    }
    if (state.type === 'Task') checkAlone(state);
    if (state.type === 'Map' || state.type === 'Parallel') {
      throw validation(`State type '${state.type}' requires a mock to be specified`);
    }
    return;
  }
  if (input.revealSecrets === true) {
    throw validation('TestState does not support RevealSecrets when a mock is specified.');
  }
  if (!MOCKED_TYPES.has(state.type)) {
    throw validation(`State type '${state.type}' is not supported when a mock is specified`);
  }
  if (mock.result !== undefined && mock.errorOutput !== undefined) {
    throw validation('A test mock should have only one of the following fields: [result, errorOutput].');
  }
  checkContext(input, state);
  if (mock.result !== undefined) checkResult(input, state, readResult(mock.result));
}

/** What somebody else has to answer, or to end, cannot be waited for in a test. */
function checkAlone({ resource }: TaskState): void {
  if (resource.kind !== 'activity' && resource.pattern === 'request') return;
  const what = resource.kind === 'activity' ? 'An activity' : `The integration '${resource.text}'`;
  throw validation(`${what} requires a mock to be specified`);
}

function checkContext(input: SdkValues, state: CompiledState): void {
  if (typeof input.context !== 'string') return;
  const context = parseText(input.context, 'Context object is not valid JSON');
  if (!isObject(context) || context.Task === undefined) return;
  if (state.type === 'Task' && state.resource.pattern !== 'request') return;
  throw validation(
    "Invalid Context object provided: Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern",
  );
}

function readResult(text: string): Json {
  return parseText(text, 'Mocked result must be valid JSON.');
}

function parseText(text: string, problem: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw validation(problem);
  }
}

function checkResult(input: SdkValues, state: CompiledState, result: Json): void {
  if (state.type === 'Parallel') {
    if (Array.isArray(result) && result.length === state.branches.length) return;
    throw validation('Mocked result must contain the same number of items as number of Parallel branches.');
  }
  if (state.type === 'Map') checkMapResult(input, state, result);
  if (state.type !== 'Task') return;
  const mode = (input.mock as Mock).fieldValidationMode ?? 'STRICT';
  const isPlain = state.resource.pattern === 'request' && state.resource.kind !== 'lambda';
  if (isPlain) checkMockShape(`${state.resource.resourceType}:${state.resource.operation}`, result, mode);
}

function checkMapResult(input: SdkValues, state: MapState, result: Json): void {
  if (state.writer !== undefined) {
    if (!isObject(result)) throw validation('Mocked result must be a JSON object.');
    return;
  }
  if (!Array.isArray(result)) throw validation('Mocked result must be a JSON array.');
  const failures = Number((input.stateConfiguration as SdkValues | undefined)?.mapIterationFailureCount ?? 0);
  if (failures > result.length) {
    throw validation(
      'Map iteration failure count must be less than or equal to the number of Map iterations',
    );
  }
}

/** @returns what the state gets instead of the work's result */
export function readMock(input: SdkValues): (() => Json) | undefined {
  const mock = input.mock as Mock | undefined;
  if (mock === undefined) return undefined;
  return () => {
    if (mock.errorOutput !== undefined) {
      const { error, cause } = mock.errorOutput;
      throw new StateFailure(error, cause, { isTask: true });
    }
    return readResult(mock.result ?? '{}');
  };
}
