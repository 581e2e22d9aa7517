// A state machine's definition as inspection needs it: its states by name with their retriers, and its graph. A
// definition that is not one leaves a view without graph and policies; nothing here throws.
import { createHash } from 'node:crypto';
import { isObject } from './history.ts';
import { parseJson } from './payload.ts';
import type { GraphEdge, GraphNode, GraphView } from './view.ts';

export interface Definition {
  /** The first 12 hexadecimal digits of its sha256. */
  readonly digest: string;
  readonly retriers: (stateName: string) => readonly Retrier[];
  readonly graph: GraphView;
}

/** With Step Functions' defaults filled in. */
export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds?: number;
  readonly jitter?: true;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
const DEFAULTS = { intervalSeconds: 1, maxAttempts: 3, backoffRate: 2 };

/** @param text Amazon States Language as JSON; `undefined` when it is something else */
export function readDefinition(text: string | undefined): Definition | undefined {
  const machine = text === undefined ? undefined : parseJson(text);
  if (!isObject(machine) || !isObject(machine.States)) return;
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const states = new Map<string, Record<string, unknown>>();
  collect(machine, { states, nodes, edges });
  return {
    digest: createHash('sha256').update(text!).digest('hex').slice(0, 12),
    retriers: (name) => listOf(states.get(name)?.Retry).map(readRetrier),
    graph: { startAt: textIn(machine.StartAt), nodes, edges },
  };
}

interface Found {
  readonly states: Map<string, Record<string, unknown>>;
  readonly nodes: GraphNode[];
  readonly edges: GraphEdge[];
}

function collect(machine: Record<string, unknown>, found: Found, parent?: string): void {
  const within = parent === undefined ? {} : { parent };
  if (parent !== undefined) found.edges.push({ from: parent, to: textIn(machine.StartAt), kind: 'start' });
  for (const [name, state] of Object.entries(isObject(machine.States) ? machine.States : {})) {
    if (!isObject(state)) continue;
    found.states.set(name, state);
    const comment = typeof state.Comment === 'string' ? { comment: state.Comment } : {};
    found.nodes.push({ id: name, type: textIn(state.Type), ...comment, ...within });
    found.edges.push(...edgesOf(name, state));
    for (const inner of innerMachines(state)) collect(inner, found, name);
  }
}

function innerMachines(state: Record<string, unknown>): Record<string, unknown>[] {
  return [...listOf(state.Branches), state.ItemProcessor ?? state.Iterator].filter(isObject);
}

function edgesOf(from: string, state: Record<string, unknown>): GraphEdge[] {
  const edges: GraphEdge[] = [];
  if (typeof state.Next === 'string') edges.push({ from, to: state.Next, kind: 'next' });
  for (const choice of listOf(state.Choices)) {
    const label =
      typeof choice.Condition === 'string' ? choice.Condition : JSON.stringify(withoutNext(choice));
    edges.push({ from, to: textIn(choice.Next), kind: 'choice', label });
  }
  if (typeof state.Default === 'string')
    edges.push({ from, to: state.Default, kind: 'choice', label: 'otherwise' });
  for (const catcher of listOf(state.Catch)) {
    edges.push({
      from,
      to: textIn(catcher.Next),
      kind: 'catch',
      label: textsIn(catcher.ErrorEquals).join(', '),
    });
  }
  return edges;
}

function withoutNext({ Next: _next, ...condition }: Record<string, unknown>): object {
  return condition;
}

function readRetrier(retrier: Record<string, unknown>): Retrier {
  const maxDelaySeconds = numberIn(retrier.MaxDelaySeconds, Number.NaN);
  return {
    errorEquals: textsIn(retrier.ErrorEquals),
    intervalSeconds: numberIn(retrier.IntervalSeconds, DEFAULTS.intervalSeconds),
    maxAttempts: numberIn(retrier.MaxAttempts, DEFAULTS.maxAttempts),
    backoffRate: numberIn(retrier.BackoffRate, DEFAULTS.backoffRate),
    ...(Number.isNaN(maxDelaySeconds) ? {} : { maxDelaySeconds }),
    ...(retrier.JitterStrategy === 'FULL' ? { jitter: true as const } : {}),
  };
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function numberIn(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}
