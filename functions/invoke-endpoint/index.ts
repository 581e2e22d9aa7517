// Calls an endpoint with a payload that Step Functions cannot send by itself, because it encodes every body as JSON:
// text, binary, or a claim. The answer travels inline as text or, over the threshold or when it is a picture or
// sound, as a claim: base64 would carry a third more through every state after it.
import {
  type CarriedPayload,
  callEndpoint,
  carryPayload,
  type EndpointCall,
  readPayload,
} from '../../layers/seriatim/index.ts';

/** What a state passes: the call, with its payload as it travels. */
export type InvokeEndpointEvent = Omit<EndpointCall, 'payload'> & {
  readonly pipeline: string;
  readonly payload: CarriedPayload;
  /** An answer of up to so many bytes travels inline; the usual threshold unless told. */
  readonly inlineBytes?: number;
};

export interface InvokeEndpointResult {
  readonly payload: CarriedPayload;
  readonly invokedProductionVariant?: string;
  readonly customAttributes?: string;
  /** The custom attributes of the form `name=value;name=value`, by their names. */
  readonly attributes: Readonly<Record<string, string>>;
}

const claimBucket = process.env.CLAIM_BUCKET ?? '';

export async function handler(event: InvokeEndpointEvent): Promise<InvokeEndpointResult> {
  const { pipeline, payload, inlineBytes, ...call } = event;
  const answer = await callEndpoint({ ...call, payload: await readPayload(payload) });
  const carried = await carryPayload(answer, {
    bucket: claimBucket,
    prefix: `${pipeline}/`,
    ...thresholdOf(answer.contentType, inlineBytes),
  });
  const { invokedProductionVariant, customAttributes } = answer;
  return {
    payload: carried,
    ...(invokedProductionVariant === undefined ? {} : { invokedProductionVariant }),
    ...(customAttributes === undefined ? {} : { customAttributes }),
    attributes: readAttributes(customAttributes ?? ''),
  };
}

function thresholdOf(contentType: string, inlineBytes: number | undefined): { thresholdBytes?: number } {
  if (/^(image|audio|video)\//.test(contentType)) return { thresholdBytes: 0 };
  return inlineBytes === undefined ? {} : { thresholdBytes: inlineBytes };
}

/** The first of several of one name: a container's own come before what is reported of it. */
function readAttributes(text: string): Record<string, string> {
  const pairs = text
    .split(';')
    .map((part) => /^\s*([\w-]+)=(.*)$/s.exec(part))
    .filter((match) => match !== null)
    .map(([, name, value]) => [name!, value!.trim()] as const);
  return Object.fromEntries(pairs.reverse());
}
