// A history as a file: written by `seriatim export`, read offline. Also read: the answer of GetExecutionHistory as the
// `aws` command prints it, and lines of a state machine's log group.
import { parseExecutionArn } from './arn.ts';
import type { ExecutionDescription } from './fold.ts';
import { fromLogLine, fromSfn, type HistoryEvent, isObject, type LoggedEvent } from './history.ts';
import { parseJson } from './payload.ts';
import type { ExecutionRecord } from './record.ts';
import type { MapRunView } from './view.ts';

const FORMAT = 'seriatim-execution-1';

export interface ExportedExecution {
  readonly format: typeof FORMAT;
  readonly description: ExecutionDescription;
  readonly events: readonly HistoryEvent[];
  readonly mapRuns: readonly MapRunView[];
}

export function exportRecord({ description, events, mapRuns }: ExecutionRecord): ExportedExecution {
  return { format: FORMAT, description, events, mapRuns };
}

/** `undefined` for text that is no history. */
export function readHistoryFile(text: string): ExecutionRecord | undefined {
  const value = parseJson(text);
  if (isExported(value)) return value;
  if (isObject(value) && Array.isArray(value.events)) return fromHistory(value.events);
  const lines = text
    .split('\n')
    .map(fromLogLine)
    .filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : fromLines(lines);
}

function isExported(value: unknown): value is ExportedExecution {
  return (
    isObject(value) && value.format === FORMAT && isObject(value.description) && Array.isArray(value.events)
  );
}

/** The `aws` command prints times as text, or, as its settings have it, as seconds. */
function fromHistory(events: readonly unknown[]): ExecutionRecord | undefined {
  const read = events
    .filter(isObject)
    .map((event) => fromSfn({ ...event, timestamp: timeOf(event.timestamp) } as never));
  if (read.length === 0) return;
  const arn = 'arn:aws:states:us-east-1:000000000000:execution:exported:history';
  return { events: read, description: describe(arn), mapRuns: [] };
}

function timeOf(timestamp: unknown): Date {
  return new Date(typeof timestamp === 'number' ? Math.round(timestamp * 1000) : String(timestamp));
}

function fromLines(lines: readonly LoggedEvent[]): ExecutionRecord {
  const arn = lines[0]!.executionArn;
  const events = lines.filter(({ executionArn }) => executionArn === arn);
  return { events, description: describe(arn), mapRuns: [] };
}

function describe(arn: string): ExecutionDescription {
  const { id = 'history', type = 'STANDARD', stateMachineName = 'exported' } = parseExecutionArn(arn) ?? {};
  return { id, arn, type, stateMachineName };
}
