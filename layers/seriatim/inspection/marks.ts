// What an inference met, read from what Step Functions recorded of an InvokeEndpoint: the request's parameters and
// the response's `CustomAttributes`, in which a container reports
// `model=…;load=cold|warm;load-ms=…;queue-ms=…;compute-ms=…;batch=…`, one group per container, divided by commas.
import { isObject } from './history.ts';
import type { ContainerMark, InferenceCall } from './view.ts';

const NUMBERS = new Map<string, 'loadMs' | 'queueMs' | 'computeMs' | 'batch'>([
  ['load-ms', 'loadMs'],
  ['queue-ms', 'queueMs'],
  ['compute-ms', 'computeMs'],
  ['batch', 'batch'],
]);

/** Attributes that some other container set come back under `other`; text without `=` is left out. */
export function readMarks(customAttributes: unknown): ContainerMark[] {
  if (typeof customAttributes !== 'string') return [];
  return customAttributes
    .split(',')
    .map(readMark)
    .filter((mark) => Object.keys(mark).length > 0);
}

function readMark(group: string): ContainerMark {
  const mark: Record<string, unknown> = {};
  const other: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of group.split(';')) {
    const at = pair.indexOf('=');
    if (at < 1) continue;
    const key = pair.slice(0, at).trim();
    const text = pair.slice(at + 1).trim();
    const member = NUMBERS.get(key);
    if (member !== undefined && text !== '' && Number.isFinite(Number(text))) mark[member] = Number(text);
    else if (key === 'model') mark.model = text;
    else if (key === 'load' && (text === 'cold' || text === 'warm')) mark.load = text;
    else other[key] = text;
  }
  return Object.keys(other).length === 0 ? mark : { ...mark, other: { ...other } };
}

/** @param parameters of TaskScheduled; @param result output of TaskSucceeded, absent when there was none */
export function readInferenceCall(parameters: unknown, result: unknown): InferenceCall {
  const asked = isObject(parameters) ? parameters : {};
  const answered = isObject(result) ? result : {};
  return {
    ...text('endpoint', asked.EndpointName),
    ...text('variant', answered.InvokedProductionVariant ?? asked.TargetVariant),
    ...text('targetModel', asked.TargetModel),
    ...text('container', asked.TargetContainerHostname),
    marks: readMarks(answered.CustomAttributes),
  };
}

function text<Key extends string>(key: Key, value: unknown): { readonly [K in Key]?: string } {
  return (typeof value === 'string' ? { [key]: value } : {}) as { readonly [K in Key]?: string };
}

/** A call is cold when any container of it loaded a model for it. */
export function isCold(call: InferenceCall): boolean {
  return call.marks.some((mark) => mark.load === 'cold');
}
