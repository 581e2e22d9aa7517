// The execution that a child of a Map Run belongs to. A Standard child tells its Map Run; an Express one only the state
// machine, of whose executions it is the one that ran then, or, where several did, the one that was given the same run.
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type ExecutionListItem,
  ListExecutionsCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { isObject } from './history.ts';
import { parseJson } from './payload.ts';
import { type ExecutionRecord, viewOf } from './record.ts';

/** The newest that are looked through. */
const LOOKED_THROUGH = 1000;
/** Of several that ran at once, those whose input is read. */
const MOST_ASKED = 20;

/** `undefined` where it cannot be told, or may not be read. @param stateMachineArn of the parent */
export async function findParent(
  sfn: SFNClient,
  record: ExecutionRecord,
  stateMachineArn: string,
): Promise<string | undefined> {
  try {
    if (record.description.type === 'STANDARD') return await ofMapRun(sfn, record.description.arn);
    return await byTime(sfn, record, stateMachineArn);
  } catch {
    // A view is worth having without the link.
    return;
  }
}

async function ofMapRun(sfn: SFNClient, executionArn: string): Promise<string | undefined> {
  const { mapRunArn } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  if (mapRunArn === undefined) return;
  return (await sfn.send(new DescribeMapRunCommand({ mapRunArn }))).executionArn;
}

async function byTime(
  sfn: SFNClient,
  record: ExecutionRecord,
  stateMachineArn: string,
): Promise<string | undefined> {
  const { start, input } = viewOf(record);
  if (start === undefined) return;
  const asked = new ListExecutionsCommand({ stateMachineArn, maxResults: LOOKED_THROUGH });
  const { executions = [] } = await sfn.send(asked);
  const ran = executions.filter((each) => ranAt(each, Date.parse(start)));
  if (ran.length < 2) return ran[0]?.executionArn;
  const run = runIn(input);
  for (const { executionArn } of run === undefined ? [] : ran.slice(0, MOST_ASKED)) {
    const described = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (runIn(parseJson(described.input ?? '')) === run) return executionArn;
  }
  return;
}

/** A redrive goes on after the end that is told. */
function ranAt({ startDate, stopDate, redriveDate }: ExecutionListItem, atMs: number): boolean {
  if (startDate === undefined || startDate.getTime() > atMs) return false;
  return stopDate === undefined || redriveDate !== undefined || stopDate.getTime() >= atMs;
}

/** A batch's run, by its id, name and attempt: as its execution is given it, or as its children are. */
function runIn(input: unknown): string | undefined {
  const task = isObject(input) && isObject(input.task) ? input.task : input;
  const run = isObject(task) && isObject(task.run) ? task.run : task;
  if (!isObject(run) || typeof run.id !== 'string') return;
  return JSON.stringify([run.id, run.name, run.attempt]);
}
