// The state machines that are looked at: those configured, and the Standard ones that reruns derived from them, whose
// executions Step Functions lists apart. (Derived Express ones log into their originals' groups and are found there.)
import { ListStateMachinesCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { isDerivedName, stateMachineName } from './arn.ts';
import type { StateMachine, StateMachines } from './machines.ts';

export interface MachineBook {
  all(): Promise<StateMachines>;
  /** Those derived since `all` last looked. */
  fresh(): Promise<StateMachines>;
  /** The one of this name, derived or configured; `undefined` when it is none of ours. */
  named(name: string): StateMachine | undefined;
}

const KEPT_MS = 5_000;

export function createMachineBook(sfn: SFNClient, configured: StateMachines, now: () => number): MachineBook {
  let kept: { readonly atMs: number; readonly machines: Promise<StateMachines> } | undefined;
  const look = (): Promise<StateMachines> => {
    const machines = derivedFrom(sfn, configured);
    kept = { atMs: now(), machines };
    // What failed is tried again.
    machines.catch(() => {
      kept = undefined;
    });
    return machines;
  };
  return {
    async fresh() {
      const known = new Set((await kept?.machines)?.map(({ arn }) => arn));
      return (await look()).filter(({ arn }) => !known.has(arn));
    },
    async all() {
      if (kept === undefined || now() - kept.atMs >= KEPT_MS) {
        return [...configured, ...(await look())];
      }
      return [...configured, ...(await kept.machines)];
    },
    named: (name) => findNamed(configured, name),
  };
}

function findNamed(configured: StateMachines, name: string): StateMachine | undefined {
  const own = configured.find(({ arn }) => stateMachineName(arn) === name);
  if (own !== undefined) return own;
  const original = configured.find(({ arn }) => isDerivedName(name, stateMachineName(arn)));
  if (original === undefined) return;
  return { ...original, arn: original.arn.replace(stateMachineName(original.arn), name) };
}

async function derivedFrom(sfn: SFNClient, configured: StateMachines): Promise<StateMachines> {
  const names: string[] = [];
  if (!configured.some(({ type }) => type === 'STANDARD')) return [];
  try {
    let nextToken: string | undefined;
    do {
      const page = await sfn.send(new ListStateMachinesCommand({ maxResults: 1000, nextToken }));
      for (const { name, type } of page.stateMachines ?? []) {
        if (type === 'STANDARD' && name?.includes('-rerun-')) names.push(name);
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  } catch (thrown) {
    // Who may not list state machines sees no reruns of batches in lists.
    if (!(thrown instanceof Error) || thrown.name !== 'AccessDeniedException') throw thrown;
  }
  return names.map((name) => findNamed(configured, name)).filter((machine) => machine !== undefined);
}
