// Whose a log line is. A function's stream holds one invocation after the other, and says whose each is by its request
// id, which Step Functions records of every call that went through; an endpoint's lines about a model name the model. A
// line of another execution that ran at the same time is not shown; one that says nothing goes by its time. Pure.
import { type HistoryEvent, textOf } from './history.ts';
import type { AttemptView } from './view.ts';

export interface OwnedLine {
  readonly timeMs: number;
  readonly message: string;
  readonly stream: string;
}

export interface LineOwner {
  readonly requestIds: ReadonlySet<string>;
  /** Target models that the execution called. */
  readonly models: ReadonlySet<string>;
  /** Whether a call of the group whose request id is not known ran then. */
  readonly mayBe: (group: string, timeMs: number) => boolean;
}

/** Lambda's report of a call comes a moment after its end. */
export const AFTER_MS = 250;

export function ownerOf(events: readonly HistoryEvent[], attempts: readonly AttemptView[]): LineOwner {
  const models = attempts.flatMap(({ inference }) => [
    inference?.targetModel,
    ...(inference?.marks ?? []).map(({ model }) => model),
  ]);
  const unknown = attempts.filter(({ error, end }) => error !== undefined || end === undefined);
  return {
    requestIds: new Set(events.flatMap(requestIdsIn)),
    models: new Set(models.filter((model) => model !== undefined)),
    mayBe: (group, timeMs) =>
      unknown.some(
        ({ target = '', start, end }) =>
          group.endsWith(`/${target}`) &&
          timeMs >= Date.parse(start) &&
          (end === undefined || timeMs <= Date.parse(end) + AFTER_MS),
      ),
  };
}

function requestIdsIn({ type, details }: HistoryEvent): string[] {
  const output = type === 'TaskSucceeded' ? textOf(details, 'output') : undefined;
  return [...(output ?? '').matchAll(/"(?:x-amzn-)?RequestId":"([^"]+)"/gi)].map(([, id]) => id!);
}

/** @param lines of one group, oldest first */
export function ownLines<Line extends OwnedLine>(
  lines: readonly Line[],
  group: string,
  owner: LineOwner,
): Line[] {
  return group.startsWith('/aws/lambda/')
    ? ofInvocations(lines, group, owner)
    : lines.filter(({ message }) => isOfModel(message, owner.models));
}

const ID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const BEARS = new RegExp(`^(?:START|END|REPORT) RequestId: (${ID})|^\\S+\\s(${ID})\\s`);

function ofInvocations<Line extends OwnedLine>(
  lines: readonly Line[],
  group: string,
  { requestIds, mayBe }: LineOwner,
): Line[] {
  const running = new Map<string, string>();
  return lines.filter(({ message, stream, timeMs }) => {
    const own = BEARS.exec(message);
    if (own !== null) running.set(stream, (own[1] ?? own[2])!);
    const id = running.get(stream);
    if (message.startsWith('REPORT ')) running.delete(stream);
    if (id !== undefined && requestIds.has(id)) return true;
    // A function's start stands before its first invocation.
    return id === undefined && requestIds.size > 0 ? message.startsWith('INIT') : mayBe(group, timeMs);
  });
}

function isOfModel(message: string, models: ReadonlySet<string>): boolean {
  const [, target] = /^model-(?:load|unload) target=(\S+)/.exec(message) ?? [];
  return target === undefined || models.has(target);
}
