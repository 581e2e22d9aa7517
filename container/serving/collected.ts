// What models in series answered so far, on its way from one to the next: the payload that the next one takes, and each
// model's prediction and attributes by its name. Within a container it is a value; between the containers of an
// inference pipeline it travels as JSON under a content type of its own. For one record at a time.
import { InferenceError } from '../errors.ts';
import type { InvocationAnswer } from './served-model.ts';

export const COLLECTED_TYPE = 'application/vnd.seriatim.collected+json';
const CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';

export type Answers = Readonly<Record<string, CollectedAnswer>>;

export interface CollectedAnswer {
  /** The one prediction of `{"predictions":[…]}`; absent where the answer is no such JSON. */
  readonly prediction?: unknown;
  /** The custom attributes of the form `name=value;name=value`. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface Collected {
  readonly answers: Answers;
  readonly body: Buffer;
  readonly contentType: string;
}

/** @throws InferenceError InvalidPayload */
export function readCollected(body: Buffer, contentType: string): Collected {
  if (!contentType.startsWith(COLLECTED_TYPE)) return { answers: {}, body, contentType };
  try {
    const read = JSON.parse(body.toString('utf8')) as {
      answers: Answers;
      payload: { base64: string; contentType: string };
    };
    const { base64, contentType: type } = read.payload;
    return { answers: read.answers, body: Buffer.from(base64, 'base64'), contentType: type };
  } catch (cause) {
    throw new InferenceError('InvalidPayload', `The body is not ${COLLECTED_TYPE}.`, { cause });
  }
}

export function writeCollected({ answers, body, contentType }: Collected): string {
  return JSON.stringify({ answers, payload: { contentType, base64: body.toString('base64') } });
}

/** What the caller gets from the last model: one prediction that holds all answers. */
export function writeAnswers(answers: Answers): string {
  return JSON.stringify({ predictions: [answers] });
}

/** @throws InferenceError ModelFailed for a streamed answer */
export function bodyOf({ body }: InvocationAnswer, model: string): Buffer {
  if (body !== null) return Buffer.from(body as Uint8Array);
  const message = `The model "${model}" streams its answer, which a model after it cannot take.`;
  throw new InferenceError('ModelFailed', message);
}

export function answerOf({ contentType, headers }: InvocationAnswer, body: Buffer): CollectedAnswer {
  const attributes = readAttributes(headers?.[CUSTOM_ATTRIBUTES] ?? '');
  const prediction = contentType.startsWith('application/json') ? onlyPrediction(body) : undefined;
  return {
    ...(prediction === undefined ? {} : { prediction }),
    ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
  };
}

function onlyPrediction(body: Buffer): unknown {
  const { predictions } = JSON.parse(body.toString('utf8')) as { predictions?: unknown[] };
  return predictions?.[0];
}

function readAttributes(text: string): Record<string, string> {
  const pairs = text.split(';').map((part) => /^\s*([\w-]+)=(.*)$/s.exec(part));
  return Object.fromEntries(
    pairs.filter((match) => match !== null).map(([, name, value]) => [name!, value!.trim()]),
  );
}
