// Executions' events as lines of a log group, as AWS's vended logs have them: the only history of Express executions.
// https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { LogEvent, LogSink } from '../../logs/api.ts';
import type { MachineRevision } from '../run/engine.ts';
import type { HistoryEvent } from '../run/events.ts';
import type { EventSink, Execution } from '../run/execution.ts';
import type { LoggingConfiguration } from '../store/machines.ts';

/** Events that level FATAL logs, and those that ERROR adds: failures of any part, and the entry of a Fail state. */
const FATAL = new Set(['ExecutionFailed', 'ExecutionAborted', 'ExecutionTimedOut']);
const ERROR = /(Failed|TimedOut|Aborted|^FailStateEntered)$/;

export class LogWriter {
  private readonly logs: LogSink;
  private readonly sinks = new Map<string, LogEvents>();

  constructor(logs: LogSink) {
    this.logs = logs;
  }

  /** @returns undefined when nothing is to be logged */
  sinkFor(
    machine: MachineRevision,
    logging: LoggingConfiguration | undefined,
    nowMs: number,
  ): EventSink | undefined {
    const group = groupOf(logging);
    const level = logging?.level ?? 'OFF';
    if (group === undefined || level === 'OFF') return undefined;
    const known = this.sinks.get(machine.revisionId);
    if (known !== undefined) return known;
    const sink = new LogEvents(this.logs, {
      group,
      stream: streamName(machine.name, nowMs),
      level,
      hasData: logging?.includeExecutionData === true,
    });
    this.sinks.set(machine.revisionId, sink);
    return sink;
  }

  /** Writes the lines that wait. */
  flush(): void {
    for (const sink of this.sinks.values()) sink.flush();
  }

  both(one: EventSink, other: EventSink): EventSink {
    return {
      event: (execution, event) => {
        one.event(execution, event);
        other.event(execution, event);
      },
      changed: (execution, frame) => one.changed(execution, frame),
      dropped: (execution, frame) => one.dropped(execution, frame),
      settled: (execution) => one.settled(execution),
      ended: (execution) => {
        one.ended(execution);
        other.ended(execution);
      },
    };
  }
}

/** The name of the log group that a configuration sends to. */
export function groupOf(logging: LoggingConfiguration | undefined): string | undefined {
  const groupArn = logging?.destinations?.[0]?.cloudWatchLogsLogGroup?.logGroupArn;
  return groupArn?.split(':')[6] ?? groupArn;
}

/** `states/<machine>/<yyyy-mm-dd-hh-mm>/<id>` */
function streamName(machineName: string, nowMs: number): string {
  const minute = new Date(nowMs).toISOString().slice(0, 16).replace(/[T:]/g, '-');
  return `states/${machineName}/${minute}/${randomUUID().slice(0, 8)}`;
}

interface LogTarget {
  readonly group: string;
  readonly stream: string;
  readonly level: string;
  readonly hasData: boolean;
}

/** Lines wait for their execution's end, or so long: one append for many. */
const WAIT_MS = 100;
const MAX_WAITING = 1000;

class LogEvents implements EventSink {
  private readonly logs: LogSink;
  private readonly target: LogTarget;
  private lines: LogEvent[] = [];
  private isTimed = false;

  constructor(logs: LogSink, target: LogTarget) {
    this.logs = logs;
    this.target = target;
  }

  event(execution: Execution, event: HistoryEvent): void {
    const { level, hasData } = this.target;
    if (level !== 'ALL' && !isLogged(level, event.type)) return;
    this.lines.push({ timestamp: event.timestampMs, message: line(execution, event, hasData) });
    if (this.lines.length >= MAX_WAITING) this.flush();
    else if (!this.isTimed) this.flushLater(execution.engine.clock);
  }

  changed(): void {}

  dropped(): void {}

  settled(): undefined {
    return undefined;
  }

  ended(): void {
    this.flush();
  }

  private flushLater(clock: Clock): void {
    this.isTimed = true;
    clock.schedule(WAIT_MS, () => {
      this.isTimed = false;
      this.flush();
    });
  }

  /** A log that cannot be written is no failure of the execution. */
  flush(): void {
    const { lines } = this;
    if (lines.length === 0) return;
    this.lines = [];
    try {
      this.logs.write(this.target.group, this.target.stream, lines);
    } catch (thrown) {
      console.error(`${this.target.group} cannot be written: ${(thrown as Error).message}`);
    }
  }
}

function isLogged(level: string, type: string): boolean {
  return level === 'FATAL' ? FATAL.has(type) : ERROR.test(type);
}

/** Members that are left out without `includeExecutionData`. */
const DATA = new Set([
  'input',
  'inputDetails',
  'output',
  'outputDetails',
  'parameters',
  'assignedVariables',
  'assignedVariablesDetails',
  'cause',
]);

function line(execution: Execution, event: HistoryEvent, hasData: boolean): string {
  const details = event.details ?? '{}';
  const shown = hasData ? details : withoutData(details);
  return `{"id":"${event.id}","type":"${event.type}","details":${shown},"previous_event_id":"${event.previousEventId}","event_timestamp":"${event.timestampMs}","execution_arn":"${execution.arn}","redrive_count":"${execution.redriveCount}"}`;
}

/** Errors are logged at every level, data or not; causes may hold data. */
function withoutData(details: string): string {
  const members = Object.entries(JSON.parse(details) as Record<string, unknown>);
  return JSON.stringify(Object.fromEntries(members.filter(([name]) => !DATA.has(name))));
}
