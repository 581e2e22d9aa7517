// The state machines that inspection looks at, from the variable STATE_MACHINES that the template sets:
// `{"house-prices":{"realTimeArn":"…","batchArn":"…","logGroup":"…"}}`. A batch machine whose Map Run has Express
// children may name a log group of its own as `batchLogGroup`.
import * as v from 'valibot';
import type { ExecutionType } from './view.ts';

export interface StateMachine {
  readonly pipeline: string;
  readonly arn: string;
  readonly type: ExecutionType;
  /** Empty when it has none. */
  readonly logGroup: string;
}

export type StateMachines = readonly StateMachine[];

const schema = v.record(
  v.string(),
  v.object({
    realTimeArn: v.optional(v.string()),
    batchArn: v.optional(v.string()),
    logGroup: v.optional(v.string(), ''),
    batchLogGroup: v.optional(v.string()),
  }),
);

/** @throws TypeError when the variable is missing or not as described */
export function readStateMachines(variable: string | undefined): StateMachines {
  if (variable === undefined) throw new TypeError('The variable STATE_MACHINES is not set.');
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), variable);
  if (!parsed.success) throw new TypeError(`STATE_MACHINES: ${v.summarize(parsed.issues)}`);
  return Object.entries(parsed.output).flatMap(([pipeline, entry]) => {
    const { realTimeArn, batchArn, logGroup, batchLogGroup = logGroup } = entry;
    return [
      ...(realTimeArn === undefined
        ? []
        : [{ pipeline, arn: realTimeArn, type: 'EXPRESS' as const, logGroup }]),
      ...(batchArn === undefined
        ? []
        : [{ pipeline, arn: batchArn, type: 'STANDARD' as const, logGroup: batchLogGroup }]),
    ];
  });
}
