// `GET /payloads/{id}/logs`: what the functions and endpoints that an execution, a stage or an attempt called wrote
// while it ran.
// Log lines may quote payloads, so they are read with the permission to read those, and redacted as they are.
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { LogLine, LogsAnswer } from '../api.ts';
import type { Inspection } from '../inspection.ts';
import { AFTER_MS, type LineOwner, ownerOf, ownLines } from '../log-owner.ts';
import { redactorFor, redactText } from '../payloads/readings.ts';
import type { Redactor } from '../payloads/redact.ts';
import { NoSuchPayload } from '../payloads/select.ts';
import { rulesFor, viewOf } from '../record.ts';
import type { AttemptView, ExecutionView, StageView } from '../view.ts';
import { jsonAnswer, type Routes } from './answers.ts';
import { findExecution, numberIn } from './find.ts';

export interface LogContext {
  readonly inspection: Pick<Inspection, 'readRecord'>;
  readonly redactor: Redactor;
  readonly logs: Pick<CloudWatchLogsClient, 'send'>;
  readonly now: () => number;
}

const MOST_LINES = 500;
/** A stage that is a Map may have called many. */
const MOST_GROUPS = 10;

export function logRoutes({ inspection, redactor, logs, now }: LogContext): Routes {
  return {
    'GET /payloads/{id}/logs': async (request) => {
      const record = await findExecution(inspection, request);
      const view = viewOf(record);
      const most = { fallback: 0, most: 100_000 };
      const asked = {
        stage: request.query.stage,
        visit: numberIn(request, 'visit', most),
        attempt: numberIn(request, 'attempt', most),
      };
      const { attempts, span } = whatRan(view, asked);
      const groups = groupsOf(attempts).slice(0, MOST_GROUPS);
      const window = {
        startTime: Date.parse(span.start),
        endTime: (span.end === undefined ? now() : Date.parse(span.end)) + AFTER_MS,
      };
      const owner = ownerOf(record.events, attempts);
      const found = await Promise.all(groups.map((group) => readGroup(logs, group, { ...window, owner })));
      const lines = found.flat().sort((a, b) => a.time.localeCompare(b.time));
      const shown = lines.slice(0, MOST_LINES);
      const hiding = redactorFor(view, rulesFor(redactor, record), record.childInputs);
      return jsonAnswer(200, {
        groups,
        lines: shown.map((line) => ({ ...line, message: redactText(line.message, hiding) })),
        ...(lines.length >= MOST_LINES ? { isCut: true as const } : {}),
        isByTime: true,
      } satisfies LogsAnswer);
    },
  };
}

interface Ran {
  readonly attempts: readonly AttemptView[];
  readonly span: Pick<StageView, 'start' | 'end'>;
}

interface Asked {
  readonly stage: string | undefined;
  readonly visit: number;
  readonly attempt: number;
}

/** @param asked all without a stage; a `visit` of 0 is the last one, an `attempt` of 0 all of them. @throws NoSuchPayload */
function whatRan({ stages, start, end }: ExecutionView, asked: Asked): Ran {
  if (asked.stage === undefined) {
    const span = { start: start ?? new Date(0).toISOString(), ...(end === undefined ? {} : { end }) };
    return { attempts: stages.flatMap(({ attempts }) => attempts), span };
  }
  const visits = stages.filter(({ name }) => name === asked.stage);
  const stage = asked.visit === 0 ? visits.at(-1) : visits.find(({ visit }) => visit === asked.visit);
  if (stage === undefined) throw new NoSuchPayload(`There is no such visit of a stage "${asked.stage}".`);
  if (asked.attempt === 0) return { attempts: stage.attempts, span: stage };
  const attempt = stage.attempts[asked.attempt - 1];
  if (attempt !== undefined) return { attempts: [attempt], span: attempt };
  throw new NoSuchPayload(`The stage "${asked.stage}" has ${stage.attempts.length} attempts.`);
}

function groupsOf(attempts: readonly AttemptView[]): string[] {
  const groups = attempts.flatMap(({ via, target, inference }) => [
    ...(via === 'lambda' && target !== undefined ? [`/aws/lambda/${target}`] : []),
    ...(inference?.endpoint === undefined ? [] : [`/aws/sagemaker/Endpoints/${inference.endpoint}`]),
  ]);
  return [...new Set(groups)];
}

async function readGroup(
  logs: LogContext['logs'],
  group: string,
  { owner, ...window }: { readonly startTime: number; readonly endTime: number; readonly owner: LineOwner },
): Promise<LogLine[]> {
  const { FilterLogEventsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  try {
    const asked = new FilterLogEventsCommand({ logGroupName: group, ...window, limit: MOST_LINES });
    const { events = [] } = await logs.send(asked);
    const lines = events.map(({ eventId, timestamp, message = '', logStreamName = '' }, at) => ({
      id: eventId ?? String(at),
      timeMs: timestamp ?? window.startTime,
      stream: logStreamName,
      message,
    }));
    return ownLines(lines, group, owner).map(({ id, timeMs, message }) => ({
      id,
      time: new Date(timeMs).toISOString(),
      group,
      message,
    }));
  } catch (thrown) {
    // Nothing was ever written: the group is made with its first line.
    if (thrown instanceof Error && thrown.name === 'ResourceNotFoundException') return [];
    throw thrown;
  }
}
