// Names of executions and state machines. An Express execution's ARN ends in its name and a further id:
// `arn:aws:states:us-east-1:…:express:<state machine>:<name>:<id>`, a Standard one's in its name.
// Children of a Map Run stand under `<state machine>/<label>`.
import type { ExecutionType } from './view.ts';

export interface ExecutionArn {
  readonly arn: string;
  readonly type: ExecutionType;
  readonly stateMachineName: string;
  /** The label or id of the Map Run that the execution is a child of. */
  readonly mapRunLabel?: string;
  readonly id: string;
}

const PATTERN =
  /^arn:[^:]+:states:[^:]*:[^:]*:(execution|express):([^:/]+)(?:\/([^:]+))?:([^:]+)(?::([^:]+))?$/;

/** `undefined` when the text is not an execution's ARN. */
export function parseExecutionArn(arn: string): ExecutionArn | undefined {
  const match = PATTERN.exec(arn);
  if (match === null) return;
  const [, resource, stateMachineName, mapRunLabel, id] = match;
  return {
    arn,
    type: resource === 'express' ? 'EXPRESS' : 'STANDARD',
    stateMachineName: stateMachineName!,
    ...(mapRunLabel === undefined ? {} : { mapRunLabel }),
    id: id!,
  };
}

/** `…:stateMachine:<name>`'s name. */
export function stateMachineName(arn: string): string {
  return arn.split(':')[6] ?? arn;
}

/** State machines that reruns derive are named `<the original's name>-rerun-<hash>`. */
export function isDerivedName(name: string, original: string): boolean {
  return name.startsWith(`${original}-rerun-`);
}

/** A state machine is named `seriatim-<stage>-<pipeline>`, a pipeline's batch machine with `-batch` behind it. */
export function pipelineOf(name: string): string {
  return name
    .replace(/^seriatim-[^-]+-/, '')
    .replace(/-rerun-[0-9a-f]+$/, '')
    .replace(/-batch$/, '');
}
