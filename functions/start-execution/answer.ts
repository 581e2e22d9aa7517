// From a finished execution, or an error of the registry, to the HTTP answer. Pure.
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import {
  checkAnswer,
  type InferenceAnswers,
  isErrorCode,
  isFailed,
  type LiveRecord,
  mergeAnswers,
  type PipelineEntry,
  type RecordEnvelope,
  SeriatimError,
} from '../../layers/seriatim/index.ts';
import { ANSWER_TYPE } from './accept.ts';

/** What a pipeline's real-time state machine gives. */
export interface PipelineOutput {
  readonly records: readonly RecordEnvelope[];
  /** Of a last stage that is an inference. */
  readonly answers?: InferenceAnswers;
  /** When each stage was entered, by its name, in order: ISO 8601 with milliseconds. */
  readonly entered?: Readonly<Record<string, string>>;
}

export interface FinishedExecution {
  readonly executionArn: string;
  readonly stoppedAtMs: number;
  readonly output: PipelineOutput;
  readonly isList: boolean;
  /** What its answers are held to. */
  readonly pipeline: Pick<PipelineEntry, 'output'>;
  /** The stages whose outputs the request asked for. */
  readonly include: readonly string[];
}

/** @throws ContractViolation for an answer that is not what the pipeline promises */
export function successAnswer(finished: FinishedExecution): APIGatewayProxyStructuredResultV2 {
  const values = valuesOf(finished);
  return {
    statusCode: 200,
    headers: {
      'content-type': ANSWER_TYPE,
      'x-seriatim-execution-arn': finished.executionArn,
      'server-timing': serverTiming(finished.output.entered ?? {}, finished.stoppedAtMs),
    },
    body: JSON.stringify(finished.isList ? { predictions: values } : values[0]),
  };
}

function valuesOf({ output, include, pipeline, isList }: FinishedExecution): unknown[] {
  const { records, answers } = output;
  const merged = answers === undefined ? records : mergeAnswers(records, answers, include);
  return merged.map((record, i) => {
    if (!isFailed(record)) {
      const path = (): string => (isList ? `instances[${i}]` : '');
      checkAnswer(pipeline.output, record.value, { stage: answers?.stage, path });
      return include.length === 0 ? record.value : withIncluded(record);
    }
    const { code, message, stage } = record.error;
    throw new SeriatimError(isErrorCode(code) ? code : 'StageFailed', message, { stage });
  });
}

/** The output record, and under `included` what those stages gave that it went through. */
function withIncluded({ value, included = {} }: LiveRecord): unknown {
  return { ...(value as Record<string, unknown>), included };
}

/** `Preprocess;dur=1, Estimate;dur=2, …`: a stage lasts until the next one is entered, the last until the end. */
export function serverTiming(entered: Readonly<Record<string, string>>, stoppedAtMs: number): string {
  const stages = Object.entries(entered).map(([name, at]) => ({ name, atMs: Date.parse(at) }));
  return stages
    .map(({ name, atMs }, i) => `${name};dur=${Math.max(0, (stages[i + 1]?.atMs ?? stoppedAtMs) - atMs)}`)
    .join(', ');
}

/** Retry hints for the two errors that pass by themselves. */
const RETRY_AFTER_SECONDS: Readonly<Record<string, string>> = { ModelLoading: '2', EndpointThrottled: '1' };

export function errorAnswer(
  thrown: unknown,
  place: { readonly pipeline?: string; readonly executionArn?: string },
): APIGatewayProxyStructuredResultV2 {
  const error =
    thrown instanceof SeriatimError
      ? thrown
      : new SeriatimError('ExecutionFailed', 'The request could not be served.');
  const { code, message, stage } = error;
  const retryAfter = RETRY_AFTER_SECONDS[code];
  return {
    statusCode: error.httpStatus,
    headers: {
      'content-type': 'application/json',
      ...(place.executionArn === undefined ? {} : { 'x-seriatim-execution-arn': place.executionArn }),
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    },
    body: JSON.stringify({ error: { code, message, stage: stage ?? rim(place), ...place } }),
  };
}

/** What was refused before an execution began was refused by the check of the request. */
function rim({ executionArn }: { readonly executionArn?: string }): string | undefined {
  return executionArn === undefined ? 'Request' : undefined;
}
