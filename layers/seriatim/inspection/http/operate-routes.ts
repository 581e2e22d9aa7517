// What one who may operate can do: `POST /executions/{id}/rerun`, `…/redrive`, `…/stop`. Accepted with 202; how it goes
// is seen in the execution.
import * as v from 'valibot';
import type { RerunRequest } from '../api.ts';
import type { Inspection } from '../inspection.ts';
import { NoSuchStage, NotPossible } from '../operate/derive.ts';
import type { Operator } from '../operate/operate.ts';
import { REDACTED } from '../payloads/redacted.ts';
import { ApiError, type ApiRequest, type HttpAnswer, jsonAnswer, type Routes } from './answers.ts';
import { findExecution } from './find.ts';

export interface OperateContext {
  readonly inspection: Pick<Inspection, 'readRecord'>;
  readonly operator: Operator;
}

const name = v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,255}$/)));
const rerunSchema = v.strictObject({
  from: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(80))),
  input: v.optional(v.unknown()),
  targetModel: name,
  variant: name,
  endpoint: name,
  name: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,80}$/))),
});

export function operateRoutes({ inspection, operator }: OperateContext): Routes {
  const accept = (work: (request: ApiRequest) => Promise<unknown>) => async (request: ApiRequest) => {
    try {
      return jsonAnswer(202, await work(request));
    } catch (thrown) {
      return refused(thrown);
    }
  };
  return {
    'POST /executions/{id}/rerun': accept(async (request) => {
      const wish = readRerun(request.body);
      return operator.rerun(await findExecution(inspection, request), wish);
    }),
    'POST /executions/{id}/redrive': accept(async (request) =>
      operator.redrive(await findExecution(inspection, request)),
    ),
    'POST /executions/{id}/stop': accept(async (request) =>
      operator.stop(await findExecution(inspection, request)),
    ),
  };
}

/** What Step Functions refuses is told in its words. */
const REFUSALS: Readonly<Record<string, [statusCode: number, code: string]>> = {
  ExecutionNotRedrivable: [409, 'NotPossible'],
  ExecutionLimitExceeded: [429, 'TooManyExecutions'],
  ExecutionAlreadyExists: [409, 'NotPossible'],
  StateMachineDeleting: [409, 'NotPossible'],
  InvalidDefinition: [409, 'NotPossible'],
  ValidationException: [409, 'NotPossible'],
  AccessDeniedException: [403, 'NotAllowed'],
};

function refused(thrown: unknown): HttpAnswer {
  if (!(thrown instanceof Error)) throw thrown;
  if (thrown instanceof NotPossible) throw new ApiError(409, 'NotPossible', thrown.message);
  if (thrown instanceof NoSuchStage) throw new ApiError(404, 'StageNotFound', thrown.message);
  const [statusCode, code] = REFUSALS[thrown.name] ?? [];
  if (statusCode === undefined || code === undefined) throw thrown;
  throw new ApiError(statusCode, code, thrown.message);
}

function readRerun(body: string | undefined): RerunRequest {
  if (body === undefined || body === '') return {};
  if (/^\s*\[/.test(body)) throw new ApiError(400, 'InvalidQuery', 'The body must be an object.');
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), rerunSchema), body);
  if (parsed.success && JSON.stringify(parsed.output.input)?.includes(REDACTED)) {
    throw new ApiError(
      400,
      'InvalidQuery',
      `input: replace each ${REDACTED}: the rules hide what stood there.`,
    );
  }
  if (parsed.success) return parsed.output as RerunRequest;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  throw new ApiError(400, 'InvalidQuery', `${path === null ? '' : `${path}: `}${issue.message}`);
}
