// One InvokeEndpoint out of an attempt: Step Functions made it itself, or had the function `invoke-endpoint` make it.
// What was asked, what answered, and where its time went.
import type { Attempt } from './attempts.ts';
import { isObject } from './history.ts';
import { readMarks } from './marks.ts';
import type { CacheState, ContainerMark, InferenceCall, TimeSplit } from './view.ts';

/**
 * Whether Step Functions called InvokeEndpoint itself, or through a function: of one payload, or of a batch's records
 * with a call for each target model. `undefined` for other calls.
 */
export function inferenceWay(attempt: Attempt): 'direct' | 'function' | 'records' | undefined {
  if (attempt.service.endsWith('sagemakerruntime')) return 'direct';
  const payload = isObject(attempt.parameters) ? attempt.parameters.Payload : undefined;
  if (!isObject(payload) || typeof payload.endpointName !== 'string') return;
  if ('payload' in payload) return 'function';
  return 'groups' in payload ? 'records' : undefined;
}

export function readInferenceCall(attempt: Attempt): InferenceCall | undefined {
  const way = inferenceWay(attempt);
  if (way === undefined) return;
  const asked = isObject(attempt.parameters) ? attempt.parameters : {};
  const answered = isObject(attempt.result) ? attempt.result : {};
  const call =
    way === 'direct'
      ? direct(asked, answered)
      : way === 'records'
        ? ofRecords(asked.Payload, answered.Payload)
        : throughFunction(asked.Payload, answered.Payload);
  // Several models answered a batch's records: no one's checksum is the call's.
  const isShared = way === 'records' && call.marks.length > 1;
  const last = isShared ? undefined : call.marks.at(-1);
  return {
    ...call,
    ...(cacheOf(call.marks) === undefined ? {} : { cache: cacheOf(call.marks)! }),
    ...(last?.batch === undefined ? {} : { batch: last.batch }),
    ...(last?.checksum === undefined ? {} : { checksum: last.checksum }),
  };
}

function direct(asked: Record<string, unknown>, answered: Record<string, unknown>): InferenceCall {
  return {
    ...text('endpoint', asked.EndpointName),
    ...text('variant', answered.InvokedProductionVariant ?? asked.TargetVariant),
    ...text('targetModel', asked.TargetModel),
    ...text('container', asked.TargetContainerHostname),
    marks: readMarks(answered.CustomAttributes),
  };
}

function throughFunction(payload: unknown, result: unknown): InferenceCall {
  const asked = isObject(payload) ? payload : {};
  const answered = isObject(result) ? result : {};
  return {
    ...text('endpoint', asked.endpointName),
    ...text('variant', answered.invokedProductionVariant ?? asked.targetVariant),
    ...text('targetModel', asked.targetModel),
    ...text('container', asked.targetContainerHostname),
    marks: readMarks(answered.customAttributes),
  };
}

/** The function `invoke-records` tells which models answered how many records, with their artefacts. */
function ofRecords(payload: unknown, result: unknown): InferenceCall {
  const asked = isObject(payload) ? payload : {};
  const uses = (isObject(result) && Array.isArray(result.models) ? result.models : []).filter(isObject);
  const variants = new Set(uses.map(({ variant }) => variant));
  const models = new Set(uses.map(({ targetModel }) => targetModel));
  return {
    ...text('endpoint', asked.endpointName),
    ...text('variant', variants.size === 1 ? [...variants][0] : asked.targetVariant),
    ...text('targetModel', models.size === 1 ? [...models][0] : undefined),
    marks: uses.map(markOfUse),
  };
}

/** Of containers in series the last one's model is what was asked for. */
function markOfUse({ targetModel, artefacts, records }: Record<string, unknown>): ContainerMark {
  const last = (Array.isArray(artefacts) ? artefacts : []).filter(isObject).at(-1) ?? {};
  return {
    ...text('model', targetModel ?? last.model),
    ...text('checksum', last.sha256),
    ...(typeof records === 'number' ? { records } : {}),
  };
}

function text<Key extends string>(key: Key, value: unknown): { readonly [K in Key]?: string } {
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [K in Key]?: string };
}

/** A call is cold when any container of it loaded a model for it. */
function cacheOf(marks: readonly ContainerMark[]): CacheState | undefined {
  const told = marks.filter((mark) => mark.load !== undefined);
  if (told.length === 0) return;
  const cold = told.filter((mark) => mark.load === 'cold');
  if (cold.length > 0) return cold.some((mark) => mark.evicted) ? 'evicted' : 'cold';
  return told.some((mark) => mark.pinned) ? 'pinned' : 'warm';
}

const PARTS = ['queueMs', 'batchWaitMs', 'loadMs', 'decodeMs', 'computeMs', 'encodeMs'] as const;

/**
 * A call's time, split by what its containers reported; what is left is the network's. The history counts whole
 * milliseconds, the containers hundredths: where they say more than the history, the total is theirs.
 */
export function splitTime(
  call: InferenceCall | undefined,
  durationMs: number | undefined,
): TimeSplit | undefined {
  if (call === undefined || durationMs === undefined || call.marks.length === 0) return;
  const reported = Object.fromEntries(
    PARTS.map((part) => [part, sum(call.marks.map((mark) => mark[part]))]).filter(
      ([, ms]) => ms !== undefined,
    ),
  ) as Partial<Record<(typeof PARTS)[number], number>>;
  if (Object.keys(reported).length === 0) return;
  const { loadMs, ...others } = reported;
  const work = total(others);
  // A model that was loaded before this call, when its container started, took none of the call's time.
  const isLoadedBefore = loadMs !== undefined && work + loadMs > durationMs + 1;
  const parts = isLoadedBefore ? others : reported;
  const known = total(parts);
  const totalMs = Math.max(durationMs, round(known));
  return { totalMs, ...parts, networkMs: round(totalMs - known) };
}

/** Of all attempts together. */
export function sumTimes(times: readonly TimeSplit[]): TimeSplit | undefined {
  if (times.length === 0) return;
  const parts = [...PARTS, 'networkMs' as const].map((part) => [part, sum(times.map((time) => time[part]))]);
  const totalMs = round(times.reduce((total, time) => total + time.totalMs, 0));
  return { totalMs, ...Object.fromEntries(parts.filter(([, ms]) => ms !== undefined)) };
}

function total(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, ms) => sum + ms, 0);
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : round(known.reduce((total, value) => total + value, 0));
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
