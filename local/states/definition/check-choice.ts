// Checks of the rules of a Choice state: one comparison each, of a literal of its type, or rules in And, Or and Not.
// https://states-language.net/spec.html#choice-state
import { isNumber, isObject, type Json } from '../json/text.ts';
import { isJsonata as isJsonataText } from '../jsonata/expression.ts';
import { list, type StateContext } from './check-state.ts';
import type { Fields } from './fields.ts';
import { parseTimestamp } from './timestamp.ts';

export function checkChoice(state: Fields, context: StateContext): void {
  for (const [index, rule] of list(state.Choices).entries()) {
    const at = `${context.at}/Choices[${index}]`;
    if (rule.Next === undefined) context.findings.schema('These fields are required: [Next]', at);
    if (context.isJsonata) checkCondition(rule, { ...context, at });
    else checkRule(rule, { ...context, at }, TOP_FIELDS);
  }
}

const CONDITION_FIELDS = new Set(['Condition', 'Next', 'Output', 'Assign', 'Comment']);

function checkCondition(rule: Fields, { findings, at }: StateContext): void {
  for (const field of Object.keys(rule)) {
    if (!CONDITION_FIELDS.has(field)) findings.schema(`Field '${field}' is not supported`, at);
  }
  const { Condition } = rule;
  if (Condition === undefined) findings.schema('These fields are required: [Condition]', at);
  else if (typeof Condition !== 'boolean' && !isJsonataText(Condition)) {
    findings.schema('Expected value of type Boolean or JSONata expression', `${at}/Condition`);
  }
}

const TOP_FIELDS: ReadonlySet<string> = new Set(['Next', 'Assign', 'Comment']);
/** Rules inside of rules lead nowhere. */
const INNER_FIELDS: ReadonlySet<string> = new Set(['Comment']);
const COMBINATIONS = ['And', 'Or', 'Not'];

function checkRule(rule: Fields, context: StateContext, fields: ReadonlySet<string>): void {
  const { findings, at } = context;
  const operators = Object.keys(rule).filter(
    (field) => COMBINATIONS.includes(field) || kindOf(field) !== undefined,
  );
  for (const field of Object.keys(rule)) {
    if (operators.includes(field) || fields.has(field) || field === 'Variable') continue;
    findings.schema(`Field '${field}' is not supported`, at);
  }
  const [operator] = operators;
  if (operator === undefined) findings.schema('One comparison operator is required', at);
  else if (operators.length > 1) {
    findings.schema(`Only one of ${operators.map((name) => `'${name}'`).join(' and ')} can be set`, at);
  } else if (COMBINATIONS.includes(operator)) checkCombination(rule[operator], operator, context);
  else checkComparison(rule, operator, context);
}

function checkCombination(value: Json, operator: string, context: StateContext): void {
  const { findings, at } = context;
  const place = `${at}/${operator}`;
  if (operator === 'Not') {
    if (isObject(value)) checkRule(value, { ...context, at: place }, INNER_FIELDS);
    else findings.schema('Expected value of type Object', place);
    return;
  }
  if (!Array.isArray(value) || value.length === 0) {
    findings.schema(`${operator} must be a non-empty array`, place);
    return;
  }
  for (const [index, inner] of value.entries()) {
    if (isObject(inner)) checkRule(inner, { ...context, at: `${place}[${index}]` }, INNER_FIELDS);
    else findings.schema('Expected value of type Object', `${place}[${index}]`);
  }
}

function checkComparison(rule: Fields, operator: string, { findings, at }: StateContext): void {
  if (rule.Variable === undefined) findings.schema('These fields are required: [Variable]', at);
  const kind = kindOf(operator)!;
  const value = rule[operator];
  if (!KINDS[kind](value)) findings.schema(SENTENCES[kind], `${at}/${operator}`);
}

type Kind = 'Boolean' | 'Numeric' | 'String' | 'Timestamp' | 'Path';

const KINDS: Readonly<Record<Kind, (value: Json) => boolean>> = {
  Boolean: (value) => typeof value === 'boolean',
  Numeric: isNumber,
  String: (value) => typeof value === 'string',
  Timestamp: (value) => parseTimestamp(value) !== undefined,
  Path: (value) => typeof value === 'string' && value.startsWith('$'),
};

const SENTENCES: Readonly<Record<Kind, string>> = {
  Boolean: 'Expected value of type Boolean',
  Numeric: 'Expected value of type Number',
  String: 'Expected value of type String',
  Timestamp: 'String does not match RFC3339 timestamp',
  Path: 'Value is not a Reference Path',
};

const TYPE_TEST = /^Is(Null|Present|Numeric|String|Boolean|Timestamp)$/;
const COMPARISON = /^(Numeric|String|Timestamp)(Equals|(?:Less|Greater)Than(?:Equals)?)(Path)?$/;

/** What an operator is compared with; undefined for what is no operator. */
function kindOf(field: string): Kind | undefined {
  if (TYPE_TEST.test(field) || field === 'BooleanEquals') return 'Boolean';
  if (field === 'BooleanEqualsPath') return 'Path';
  if (field === 'StringMatches') return 'String';
  const parts = COMPARISON.exec(field);
  if (parts === null) return undefined;
  return parts[3] === undefined ? (parts[1] as Kind) : 'Path';
}
