// A failure read for a person. Pipelines end in one Fail state whose cause is JSON `{"stage","error","message"}`;
// what Step Functions, Lambda and SageMaker report by themselves is brought to the same form.
import { adviceFor } from './advice.ts';
import { isObject } from './history.ts';
import { parseJson } from './payload.ts';
import type { ErrorView } from './view.ts';

/** @param stage the stage that failed as far as the history shows it; the cause's own word goes before it */
export function readFailure(code: string, cause: string | undefined, stage?: string): ErrorView {
  const said = readCause(cause);
  const found = {
    stage: said.stage ?? stage,
    code: said.code ?? code,
    message: said.message ?? cause ?? '',
  };
  const advice = adviceFor(found.code);
  return {
    ...(found.stage === undefined || found.stage === '' ? {} : { stage: found.stage }),
    code: found.code,
    message: found.message === '' ? `${found.code}, without a cause` : found.message,
    ...(advice === undefined ? {} : { advice }),
    ...(cause === undefined || cause === '' || cause === found.message ? {} : { cause }),
  };
}

interface Said {
  readonly stage?: string | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

function readCause(cause: string | undefined): Said {
  if (cause === undefined) return {};
  const json = parseJson(cause);
  if (isObject(json)) return isObject(json) && 'errorMessage' in json ? fromLambda(json) : fromPipeline(json);
  const state = /^An error occurred while executing the state '([^']*)'/.exec(cause)?.[1];
  return { stage: state, message: withoutServiceTail(cause) };
}

/** `{"stage","error","message"}`; the message may itself be what a service or a function reported. */
function fromPipeline(json: Record<string, unknown>): Said {
  const inner = typeof json.message === 'string' ? readCause(json.message) : {};
  return { stage: asText(json.stage) ?? inner.stage, code: asText(json.error), message: inner.message };
}

/** Lambda's error object: `{"errorType","errorMessage","trace"}`. */
function fromLambda(json: Record<string, unknown>): Said {
  return { message: asText(json.errorMessage) };
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** SDK integrations end a cause in `(Service: …, Status Code: …, Request ID: …) (SDK Attempt Count: 1)`. */
function withoutServiceTail(cause: string): string {
  return cause.replace(/(\s*\((Service: |SDK Attempt Count: )[^()]*(\([^()]*\)[^()]*)*\))+\s*$/, '');
}
