// State machines that reruns derived long ago are deleted again, those of a state machine whenever another one is
// derived from it. Step Functions forgets the executions of a deleted state machine, so they stay for as long as
// executions are looked at, and longer while there are younger executions of theirs.
import {
  DeleteStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  type SFNClient,
  type StateMachineListItem,
} from '@aws-sdk/client-sfn';

export const DERIVED_KEPT_MS = 14 * 24 * 3600_000;

export interface Pruning {
  /** The name of the state machine that they were derived from. */
  readonly original: string;
  /** Which is about to be started. */
  readonly except: string;
  readonly nowMs: number;
}

/** Tidying up is no part of what was asked: where it fails, what is left goes the next time. */
export async function pruneDerived(sfn: SFNClient, pruning: Pruning): Promise<void> {
  try {
    for (const machine of await listOld(sfn, pruning)) {
      const { stateMachineArn, type } = machine;
      if (type === 'STANDARD' && (await hasYounger(sfn, stateMachineArn!, pruning.nowMs))) continue;
      await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    }
  } catch {
    return;
  }
}

async function listOld(
  sfn: SFNClient,
  { original, except, nowMs }: Pruning,
): Promise<StateMachineListItem[]> {
  const old: StateMachineListItem[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(new ListStateMachinesCommand({ maxResults: 1000, nextToken }));
    for (const machine of page.stateMachines ?? []) {
      const { name = '', creationDate } = machine;
      const isDerived = name.startsWith(`${original}-rerun-`) && /-rerun-[0-9a-f]{8}$/.test(name);
      const isOld = nowMs - (creationDate?.getTime() ?? nowMs) > DERIVED_KEPT_MS;
      if (isDerived && isOld && name !== except) old.push(machine);
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return old;
}

/** Executions are listed newest first. */
async function hasYounger(sfn: SFNClient, stateMachineArn: string, nowMs: number): Promise<boolean> {
  const asked = new ListExecutionsCommand({ stateMachineArn, maxResults: 1 });
  const [newest] = (await sfn.send(asked)).executions ?? [];
  if (newest === undefined) return false;
  return newest.status === 'RUNNING' || nowMs - (newest.startDate?.getTime() ?? nowMs) <= DERIVED_KEPT_MS;
}
