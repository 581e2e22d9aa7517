// Definitions of state machines, kept for a minute: views need them for graphs and policies, reruns to derive from.
// A reader who may not see them gets a view without.
import {
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { ExecutionDescription } from './fold.ts';

export interface Definitions {
  /** The one that a Standard execution ran. */
  ofExecution(executionArn: string): Promise<Defined>;
  /** The state machine's present one: Express executions do not tell theirs. */
  present(stateMachineArn: string): Promise<Defined>;
}

export type Defined = Pick<ExecutionDescription, 'definition' | 'version'>;

const KEPT_MS = 60_000;
export function createDefinitions(sfn: SFNClient, now: () => number): Definitions {
  const kept = new Map<string, { readonly atMs: number; readonly defined: Promise<Defined> }>();
  return {
    ofExecution: (executionArn) =>
      readable(async () => {
        const command = new DescribeStateMachineForExecutionCommand({ executionArn });
        const { definition, revisionId } = await sfn.send(command);
        return { ...text('definition', definition), version: text('revisionId', revisionId) };
      }),
    present: (stateMachineArn) => {
      const known = kept.get(stateMachineArn);
      if (known !== undefined && now() - known.atMs < KEPT_MS) return known.defined;
      const defined = readable(() => describe(sfn, stateMachineArn));
      kept.set(stateMachineArn, { atMs: now(), defined });
      // What could not be read is asked for again.
      void defined.then(({ definition }) => definition ?? kept.delete(stateMachineArn));
      return defined;
    },
  };
}

async function describe(sfn: SFNClient, stateMachineArn: string): Promise<Defined> {
  const { definition, revisionId } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const version = { ...text('revisionId', revisionId), isPresentDefinition: true as const };
  return { ...text('definition', definition), version };
}

/** A view is worth having without its graph: whoever may not read definitions, or is throttled, gets that. */
async function readable(read: () => Promise<Defined>): Promise<Defined> {
  try {
    return await read();
  } catch {
    return {};
  }
}

function text<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: string };
}
