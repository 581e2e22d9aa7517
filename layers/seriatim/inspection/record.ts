// What a source knows of one execution before anything is made of it: its history, and what describes it. All that
// the API answers of an execution (view, events, payloads, an export) is made of this.
import { type ExecutionDescription, foldExecution } from './fold.ts';
import { type HistoryEvent, isObject } from './history.ts';
import type { Redactor } from './payloads/redact.ts';
import type { ExecutionView, MapRunView } from './view.ts';

export interface ExecutionRecord {
  readonly events: readonly HistoryEvent[];
  readonly description: ExecutionDescription;
  /** By ARN, with their counts. */
  readonly mapRuns: readonly MapRunView[];
  /** What the child got whose error `description.childError` is: its message may quote that. */
  readonly childInputs?: readonly unknown[];
}

/** A record never changes, so neither does its view: it is folded once. */
const views = new WeakMap<ExecutionRecord, ExecutionView>();

export function viewOf(record: ExecutionRecord): ExecutionView {
  const known = views.get(record);
  if (known !== undefined) return known;
  const view = fold(record);
  views.set(record, view);
  return view;
}

/** A Map Run counts the items that it has read so far; a batch's list of chunks is as long as its split said. */
function withAllItems(mapRun: MapRunView, input: unknown): MapRunView {
  const todo = isObject(input) && isObject(input.todo) ? input.todo.count : undefined;
  const { items } = mapRun;
  if (typeof todo !== 'number' || items === undefined || items.total >= todo) return mapRun;
  const pending = items.pending + todo - items.total;
  return { ...mapRun, items: { ...items, total: todo, pending } };
}

/** The rules for an execution: by its definition they also hide names of target models that tell a hidden field. */
export function rulesFor(redactor: Redactor, { description }: ExecutionRecord): Redactor {
  return redactor.hasRules ? redactor.ofDefinition(description.definition) : redactor;
}

function fold({ events, description, mapRuns }: ExecutionRecord): ExecutionView {
  const view = foldExecution(events, description);
  if (mapRuns.length === 0) return view;
  const byArn = new Map(mapRuns.map((run) => [run.arn, run]));
  const stages = view.stages.map((stage) => {
    const mapRun = stage.mapRun && byArn.get(stage.mapRun.arn);
    return mapRun === undefined ? stage : { ...stage, mapRun: withAllItems(mapRun, stage.input) };
  });
  return { ...view, stages };
}
