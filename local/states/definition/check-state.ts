// Checks of one state: its type, its fields, its transitions, its expressions. Sentences are AWS's.
import type { Json } from '../json/text.ts';
import { isNumber, isObject, numberOf } from '../json/text.ts';
import { checkAssigns } from './check-assign.ts';
import { checkChoice } from './check-choice.ts';
import { checkExpressions } from './check-expressions.ts';
import { type CheckContext, checkGraph } from './check-machine.ts';
import { checkMap } from './check-map.ts';
import { checkResource } from './check-resource.ts';
import { checkValues } from './check-values.ts';
import { checkWarnings } from './check-warnings.ts';
import type { Fields } from './fields.ts';
import { JSONATA_ONLY, JSONPATH_ONLY, REQUIRED_FIELDS, STATE_FIELDS, TYPES } from './state-fields.ts';
import { parseTimestamp } from './timestamp.ts';

export interface StateContext extends CheckContext {
  readonly at: string;
  readonly siblings: Readonly<Record<string, Json>>;
}

export function checkState(state: Fields, context: StateContext): void {
  const { findings, at } = context;
  if (state.Type === undefined) {
    findings.schema('These fields are required: [Type]', at);
    return;
  }
  const { Type } = state;
  if (typeof Type !== 'string' || !TYPES.includes(Type)) {
    findings.schema(`The field 'Type' should have one of these values: [${TYPES.join(', ')}]`, `${at}/Type`);
    return;
  }
  const isJsonata = checkLanguage(state, context);
  checkFields(state, Type, { ...context, isJsonata });
  checkValues(state, context);
  checkTransitions(state, context);
  checkErrorRules(state, context);
  checkAssigns(state, { ...context, isJsonata });
  if (Type === 'Task') checkResource(state, context);
  if (Type === 'Wait' && !isJsonata) checkTimestamp(state, context);
  if (Type === 'Map') checkMap(state, context);
  if (Type === 'Choice') checkChoice(state, { ...context, isJsonata });
  checkNested(state, context);
  checkExpressions(state, { ...context, isJsonata });
  checkWarnings(state, { ...context, isJsonata });
}

/** A machine in JSONata cannot go back to JSONPath; the other way round each state may choose. */
function checkLanguage(state: Fields, { findings, at, isJsonata }: StateContext): boolean {
  const { QueryLanguage } = state;
  if (QueryLanguage === undefined) return isJsonata;
  if (QueryLanguage !== 'JSONata' && QueryLanguage !== 'JSONPath') {
    findings.schema(
      "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]",
      `${at}/QueryLanguage`,
    );
    return isJsonata;
  }
  if (QueryLanguage === 'JSONPath' && isJsonata) {
    findings.schema("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", at);
  }
  return QueryLanguage === 'JSONata';
}

function checkFields(state: Fields, type: string, { findings, at, isJsonata }: StateContext): void {
  const allowed = STATE_FIELDS[type]!;
  const missing = (REQUIRED_FIELDS[type] ?? []).filter((field) => state[field] === undefined);
  if (missing.length > 0) findings.schema(`These fields are required: [${missing.join(', ')}]`, at);
  for (const field of Object.keys(state)) {
    if (!allowed.has(field)) findings.schema(`Field '${field}' is not supported`, at);
    else if (!isJsonata && JSONATA_ONLY.has(field)) languageMismatch(field, 'JSONPath', 'JSONata');
    else if (isJsonata && JSONPATH_ONLY.has(field)) languageMismatch(field, 'JSONata', 'JSONPath');
  }
  checkEnds(state, type, { findings, at });

  function languageMismatch(field: string, set: string, needed: string): void {
    findings.schema(
      `The QueryLanguage is set to '${set}', but field '${field}' is only supported for the '${needed}' QueryLanguage`,
      at,
    );
  }
}

const ENDLESS = new Set(['Succeed', 'Fail', 'Choice']);

function checkEnds(
  state: Fields,
  type: string,
  { findings, at }: Pick<StateContext, 'findings' | 'at'>,
): void {
  if (ENDLESS.has(type)) return;
  if (state.Next === undefined && state.End === undefined) {
    findings.schema('One of these fields is required: [Next, End]', at);
  } else if (state.Next !== undefined && state.End === true) {
    findings.schema("Only one of 'Next' and 'End' can be set", at);
  }
}

function checkTransitions(state: Fields, { findings, at, siblings }: StateContext): void {
  const check = (target: Json, place: string): void => {
    if (typeof target !== 'string' || Object.hasOwn(siblings, target)) return;
    findings.error('MISSING_TRANSITION_TARGET', `Missing 'Next' target: ${target}`, `${at}/${place}`);
  };
  check(state.Next, 'Next');
  check(state.Default, 'Default');
  for (const [index, rule] of list(state.Choices).entries()) check(rule.Next, `Choices[${index}]/Next`);
  for (const [index, rule] of list(state.Catch).entries()) check(rule.Next, `Catch[${index}]/Next`);
}

/** The objects of a list; whatever else stands there is found by other checks. */
export function list(value: Json): Fields[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function checkErrorRules(state: Fields, { findings, at }: StateContext): void {
  for (const field of ['Retry', 'Catch']) {
    if (state[field] !== undefined && !Array.isArray(state[field])) {
      findings.schema('Expected value of type Array', `${at}/${field}`);
    }
    const rules = list(state[field]);
    for (const [index, rule] of rules.entries()) {
      const place = `${at}/${field}[${index}]`;
      const required = field === 'Retry' ? ['ErrorEquals'] : ['ErrorEquals', 'Next'];
      const missing = required.filter((name) => rule[name] === undefined);
      if (missing.length > 0) findings.schema(`These fields are required: [${missing.join(', ')}]`, place);
      else checkErrorNames(rule.ErrorEquals, { findings, place, isLast: index === rules.length - 1 });
      if (field === 'Retry') checkRetrier(rule, { findings, place });
    }
  }
}

interface RulePlace {
  readonly findings: StateContext['findings'];
  readonly place: string;
  readonly isLast: boolean;
}

function checkErrorNames(names: Json, { findings, place, isLast }: RulePlace): void {
  if (!Array.isArray(names) || names.length === 0) {
    findings.schema('ErrorEquals must be a non-empty array', `${place}/ErrorEquals`);
    return;
  }
  if (!names.includes('States.ALL')) return;
  if (names.length > 1)
    findings.schema("'States.ALL' must appear alone in ErrorEquals", `${place}/ErrorEquals`);
  else if (!isLast) findings.schema("'States.ALL' must appear in the last rule", `${place}/ErrorEquals`);
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error */
const RETRIER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  IntervalSeconds: [1, 99_999_999],
  MaxAttempts: [0, 99_999_999],
  BackoffRate: [1, Number.POSITIVE_INFINITY],
  MaxDelaySeconds: [1, 31_622_399],
};

function checkRetrier(rule: Fields, { findings, place }: Omit<RulePlace, 'isLast'>): void {
  for (const [field, [minimum, maximum]] of Object.entries(RETRIER_RANGES)) {
    const value = rule[field];
    if (value === undefined) continue;
    if (!isNumber(value)) findings.schema('Expected value of type Number', `${place}/${field}`);
    else if (field !== 'BackoffRate' && !Number.isInteger(numberOf(value))) {
      findings.schema('Expected value of type Integer', `${place}/${field}`);
    } else if (numberOf(value) < minimum) {
      findings.schema(`Value must be greater than or equal to ${minimum}`, `${place}/${field}`);
    } else if (numberOf(value) > maximum) {
      findings.schema(`Value must be less than or equal to ${maximum}`, `${place}/${field}`);
    }
  }
  const { JitterStrategy } = rule;
  if (JitterStrategy === undefined || JitterStrategy === 'FULL' || JitterStrategy === 'NONE') return;
  findings.schema(
    "The field 'JitterStrategy' should have one of these values: [FULL, NONE]",
    `${place}/JitterStrategy`,
  );
}

function checkTimestamp(state: Fields, { findings, at }: StateContext): void {
  if (state.Timestamp === undefined || parseTimestamp(state.Timestamp) !== undefined) return;
  findings.schema('String does not match RFC3339 timestamp', `${at}/Timestamp`);
}

function checkNested(state: Fields, context: StateContext): void {
  const { at } = context;
  for (const [index, branch] of list(state.Branches).entries()) {
    checkGraph(branch, `${at}/Branches[${index}]`, context);
  }
  const name = state.ItemProcessor === undefined ? 'Iterator' : 'ItemProcessor';
  const processor = state[name];
  if (!isObject(processor)) return;
  if (processor.QueryLanguage !== undefined) {
    context.findings.schema("Field 'QueryLanguage' is not supported", `${at}/${name}`);
  }
  checkGraph(processor, `${at}/${name}`, {
    ...context,
    type: checkProcessor(processor, `${at}/${name}`, context),
  });
}

/** @returns the type of the executions that the processor's states run in */
function checkProcessor(
  processor: Fields,
  at: string,
  { findings, type }: StateContext,
): CheckContext['type'] {
  const config = processor.ProcessorConfig;
  if (!isObject(config) || config.Mode !== 'DISTRIBUTED') return type;
  if (type === 'EXPRESS') findings.schema('Express state machine does not support Distributed Map state', at);
  if (config.ExecutionType === undefined) {
    findings.schema('These fields are required: [ExecutionType]', `${at}/ProcessorConfig`);
  }
  return config.ExecutionType === 'EXPRESS' ? 'EXPRESS' : 'STANDARD';
}
