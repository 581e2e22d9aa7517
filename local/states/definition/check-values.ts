// Checks of the values of a state's fields: what must be there, of which type, and what goes together.
// https://states-language.net/spec.html
import { isNumber, isObject, type Json, numberOf } from '../json/text.ts';
import type { StateContext } from './check-state.ts';
import type { Fields } from './fields.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_NAME = 80;
const MAX_SECONDS = 99_999_999;

export function checkValues(state: Fields, context: StateContext): void {
  checkMoves(state, context);
  if (state.Comment !== undefined && typeof state.Comment !== 'string') {
    context.findings.schema('Expected value of type String', `${context.at}/Comment`);
  }
  BY_TYPE[String(state.Type)]?.(state, context);
}

const BY_TYPE: Readonly<Record<string, (state: Fields, context: StateContext) => void>> = {
  Wait: checkWait,
  Choice: (state, context) => checkList(state.Choices, 'Choices', context),
  Parallel: (state, context) => checkList(state.Branches, 'Branches', context),
  Task: checkTask,
  Fail(state, context) {
    checkOneOf(state, ['Error', 'ErrorPath'], context);
    checkOneOf(state, ['Cause', 'CausePath'], context);
  },
};

export function checkStateName(name: string, { findings }: Pick<StateContext, 'findings'>, at: string): void {
  if (name.length > MAX_NAME) findings.schema(`State name cannot exceed ${MAX_NAME} characters`, at);
}

function checkMoves(state: Fields, { findings, at }: StateContext): void {
  for (const field of ['Next', 'Default']) {
    if (state[field] !== undefined && typeof state[field] !== 'string') {
      findings.schema('Expected value of type String', `${at}/${field}`);
    }
  }
  if (state.End !== undefined && typeof state.End !== 'boolean') {
    findings.schema('Expected value of type Boolean', `${at}/End`);
  }
}

const WAITS = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'];

function checkWait(state: Fields, context: StateContext): void {
  const { findings, at } = context;
  if (WAITS.every((field) => state[field] === undefined)) {
    findings.schema(`One of these fields is required: [${WAITS.join(', ')}]`, at);
  }
  checkOneOf(state, WAITS, context);
  checkSeconds(state, 'Seconds', { ...context, minimum: 0 });
}

function checkTask(state: Fields, context: StateContext): void {
  checkOneOf(state, ['TimeoutSeconds', 'TimeoutSecondsPath'], context);
  checkOneOf(state, ['HeartbeatSeconds', 'HeartbeatSecondsPath'], context);
  checkSeconds(state, 'TimeoutSeconds', { ...context, minimum: 1 });
  checkSeconds(state, 'HeartbeatSeconds', { ...context, minimum: 1 });
  const { TimeoutSeconds, HeartbeatSeconds } = state;
  if (!isNumber(TimeoutSeconds) || !isNumber(HeartbeatSeconds)) return;
  if (numberOf(HeartbeatSeconds) < numberOf(TimeoutSeconds)) return;
  context.findings.schema(
    "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'",
    `${context.at}/HeartbeatSeconds`,
  );
}

/** Texts are left to the checks of expressions: JSONata may stand there. */
export function checkSeconds(
  state: Fields,
  field: string,
  { findings, at, minimum }: Pick<StateContext, 'findings' | 'at'> & { readonly minimum: number },
): void {
  const value = state[field];
  if (value === undefined || typeof value === 'string') return;
  if (!isNumber(value) || !Number.isInteger(numberOf(value))) {
    findings.schema('Expected value of type Integer', `${at}/${field}`);
  } else if (numberOf(value) < minimum) {
    findings.schema(`Value must be greater than or equal to ${minimum}`, `${at}/${field}`);
  } else if (numberOf(value) > MAX_SECONDS) {
    findings.schema(`Value must be less than or equal to ${MAX_SECONDS}`, `${at}/${field}`);
  }
}

function checkList(value: Json, field: string, { findings, at }: StateContext): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.length === 0) {
    findings.schema(`${field} must be a non-empty array`, `${at}/${field}`);
    return;
  }
  for (const [index, item] of value.entries()) {
    if (!isObject(item)) findings.schema('Expected value of type Object', `${at}/${field}[${index}]`);
  }
}

function checkOneOf(state: Fields, fields: readonly string[], { findings, at }: StateContext): void {
  const given = fields.filter((field) => state[field] !== undefined);
  if (given.length < 2) return;
  findings.schema(`Only one of ${given.map((field) => `'${field}'`).join(' and ')} can be set`, at);
}
