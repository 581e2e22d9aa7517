// Checks of graphs of states: what starts, what leads where, what each state must have.
import { isNumber, isObject, type Json } from '../json/text.ts';
import { checkState, list } from './check-state.ts';
import { checkSeconds, checkStateName } from './check-values.ts';
import { type Diagnostic, Findings } from './diagnostics.ts';
import type { Fields } from './fields.ts';
import type { Resource } from './types.ts';

export interface CheckContext {
  /** The names of all states so far: they are unique in the whole machine. */
  readonly names: Set<string>;
  readonly findings: Findings;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly isJsonata: boolean;
  /** Whether a resource can be called here; AWS's own checks go without it. */
  readonly isServed?: (resource: Resource) => boolean;
}

export function checkMachine(
  definition: Json,
  type: 'STANDARD' | 'EXPRESS',
  isServed?: (resource: Resource) => boolean,
): Diagnostic[] {
  const findings = new Findings();
  if (!isObject(definition)) {
    findings.schema('Expected value of type Object', '/');
    return findings.all;
  }
  const isJsonata = definition.QueryLanguage === 'JSONata';
  checkTop(definition, findings);
  checkGraph(definition, '', {
    findings,
    names: new Set(),
    type,
    isJsonata,
    ...(isServed === undefined ? {} : { isServed }),
  });
  return findings.all;
}

/** @param at the graph's own pointer, '' for the machine */
export function checkGraph(graph: Fields, at: string, context: CheckContext): void {
  const { findings } = context;
  const missing = ['StartAt', 'States'].filter((field) => graph[field] === undefined);
  if (missing.length > 0) {
    findings.schema(`These fields are required: [${missing.join(', ')}]`, at === '' ? '/' : at);
    return;
  }
  if (!isObject(graph.States)) {
    findings.schema('Expected value of type Object', `${at}/States`);
    return;
  }
  const states = graph.States as Record<string, Json>;
  if (typeof graph.StartAt !== 'string') {
    findings.schema('Expected value of type String', `${at}/StartAt`);
  } else if (!Object.hasOwn(states, graph.StartAt)) {
    findings.error(
      'MISSING_TRANSITION_TARGET',
      `Missing 'Next' target: ${String(graph.StartAt)}`,
      `${at}/StartAt`,
    );
  }
  for (const [name, state] of Object.entries(states)) {
    const place = `${at}/States/${name}`;
    checkStateName(name, context, place);
    if (context.names.has(name))
      findings.error('DUPLICATE_STATE_NAME', `Duplicate State name: ${name}`, place);
    context.names.add(name);
    if (isObject(state)) checkState(state, { ...context, at: place, siblings: states });
    else findings.schema('Expected value of type Object', place);
  }
  if (Object.values(states).every(isObject)) checkReach(graph, at, findings);
}

const TOP_FIELDS = new Set(['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version']);

function checkTop(definition: Fields, findings: Findings): void {
  for (const field of Object.keys(definition)) {
    if (!TOP_FIELDS.has(field)) findings.schema(`Field '${field}' is not supported`, '/');
  }
  const { QueryLanguage, TimeoutSeconds, Version } = definition;
  if (TimeoutSeconds !== undefined && !isNumber(TimeoutSeconds)) {
    findings.schema('Expected value of type Integer', '/TimeoutSeconds');
  } else if (TimeoutSeconds !== undefined) {
    checkSeconds(definition, 'TimeoutSeconds', { findings, at: '', minimum: 1 });
  }
  if (QueryLanguage !== undefined && QueryLanguage !== 'JSONata' && QueryLanguage !== 'JSONPath') {
    findings.schema(
      "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]",
      '/QueryLanguage',
    );
  }
  if (Version !== undefined && Version !== '1.0') {
    findings.schema("The field 'Version' should have one of these values: [1.0]", '/Version');
  }
}

/** That the graph can end, and that every state can be reached. */
function checkReach(graph: Fields, at: string, findings: Findings): void {
  const states = graph.States as Record<string, Fields>;
  const isTerminal = (state: Fields): boolean =>
    state.End === true || state.Type === 'Succeed' || state.Type === 'Fail';
  if (!Object.values(states).some(isTerminal)) {
    findings.error('MISSING_END_STATE', 'Workflow has no terminal state');
    return;
  }
  const reached = new Set<string>();
  const open = [graph.StartAt as string];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name) || !Object.hasOwn(states, name)) continue;
    reached.add(name);
    open.push(...targets(states[name]!));
  }
  for (const name of Object.keys(states)) {
    if (reached.has(name)) continue;
    findings.error('MISSING_TRANSITION_TARGET', `State "${name}" is not reachable.`, `${at}/States/${name}`);
  }
}

function targets(state: Fields): string[] {
  const rules = [...list(state.Choices), ...list(state.Catch)].map((rule) => rule.Next);
  return [state.Next, state.Default, ...rules].filter((name) => typeof name === 'string');
}
