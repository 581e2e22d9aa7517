// Checks of graphs of states: what starts, what leads where, what each state must have.
import { isObject, type Json } from '../json/text.ts';
import { checkState } from './check-state.ts';
import { type Diagnostic, Findings } from './diagnostics.ts';
import type { Fields } from './fields.ts';

export interface CheckContext {
  readonly findings: Findings;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly isJsonata: boolean;
}

export function checkMachine(definition: Json, type: 'STANDARD' | 'EXPRESS'): Diagnostic[] {
  const findings = new Findings();
  if (!isObject(definition)) {
    findings.schema('Expected value of type Object', '/');
    return findings.all;
  }
  const isJsonata = definition.QueryLanguage === 'JSONata';
  checkGraph(definition, '', { findings, type, isJsonata });
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
  if (typeof graph.StartAt !== 'string' || !Object.hasOwn(states, graph.StartAt)) {
    findings.error(
      'MISSING_TRANSITION_TARGET',
      `Missing 'Next' target: ${String(graph.StartAt)}`,
      `${at}/StartAt`,
    );
  }
  for (const [name, state] of Object.entries(states)) {
    const place = `${at}/States/${name}`;
    if (isObject(state)) checkState(state, { ...context, at: place, siblings: states });
    else findings.schema('Expected value of type Object', place);
  }
}
