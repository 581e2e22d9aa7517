// A failure read for a person. Pipelines end in one Fail state whose cause is JSON `{"stage","error","message"}`;
// what Step Functions, Lambda and SageMaker report by themselves is brought to the same form, and to the codes of the
// error registry: a view says of an execution what its HTTP answer said.
import { caughtError } from '../execution-errors.ts';
import { adviceFor } from './advice.ts';
import { isObject } from './history.ts';
import { parseJson } from './payload.ts';
import { plainCause, plainWords } from './plain-words.ts';
import type { ErrorView } from './view.ts';

/**
 * @param error as Step Functions reports it: a Lambda error's name, `States.Timeout`, `SageMakerRuntime.…`
 * @param stage the stage that failed as far as the history shows it; the cause's own word goes before it
 */
export function readFailure(error: string, cause: string | undefined, stage?: string): ErrorView {
  const said = readCause(cause);
  const name = said.error ?? error;
  const where = said.stage ?? stage ?? '';
  const known = caughtError({ error: name, message: said.message ?? cause }, { stage: where });
  const told = known.message.replace(`${name}: `, '');
  const message = known.code === 'ModelFailed' ? plainWords(told) : told;
  const advice = adviceFor(known.code, name);
  return {
    ...(where === '' ? {} : { stage: where }),
    ...containerOf(cause ?? ''),
    code: known.code,
    message: message || `${name}, without a cause`,
    ...(advice === undefined ? {} : { advice }),
    ...(name === known.code ? {} : { reported: name }),
    ...(cause === undefined || cause === '' || cause === known.message ? {} : { cause: plainCause(cause) }),
  };
}

/** Nothing of the execution failed: somebody stopped it, or the Map Run that it is a child of ended before it. */
export function stoppedFailure(
  reported: string,
  {
    cause,
    stage,
    isChild,
  }: { readonly cause?: string | undefined; readonly stage?: string; readonly isChild: boolean },
): ErrorView {
  const by = isChild ? 'Stopped with its Map Run' : 'Stopped by a caller';
  const where = stage === undefined ? '' : ` while ${stage} ran`;
  return {
    code: 'ExecutionFailed',
    reported,
    message: cause ? `${by}${where}: ${cause}` : `${by}${where}.`,
    advice: isChild
      ? 'Nothing is wrong with it: see the Map Run that it belongs to.'
      : 'Nothing broke: to go on, redrive a Standard execution, or run it again from the stage where it stopped.',
  };
}

/** SageMaker names the container that answered with an error, or not at all. */
const CONTAINER = /(?:error \(\d+\) from|response from container|connection to container) ([\w.-]+)/;

function containerOf(cause: string): Pick<ErrorView, 'container'> {
  const container = CONTAINER.exec(cause)?.[1]?.replace(/\.$/, '');
  // A single container is called by a name that says nothing.
  return container === undefined || container === 'primary' ? {} : { container };
}

interface Said {
  readonly stage?: string | undefined;
  readonly error?: string | undefined;
  readonly message?: string | undefined;
}

function readCause(cause: string | undefined): Said {
  const json = cause === undefined ? undefined : parseJson(cause);
  if (isObject(json) && 'stage' in json) {
    return { stage: asText(json.stage), error: asText(json.error), message: asText(json.message) };
  }
  return { stage: /^An error occurred while executing the state '([^']*)'/.exec(cause ?? '')?.[1] };
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
