// An object of S3 as a claim on itself: nothing is copied, and whoever reads the claim finds out when the object has
// changed meanwhile.
import { hash } from 'node:crypto';
import {
  type CarriedPayload,
  ClaimNotFound,
  contentTypeOf,
  type ObjectPlace,
  readStream,
  SeriatimError,
} from '../../layers/seriatim/index.ts';

/** @throws ClaimNotFound, UnsupportedContentType */
export async function claimObject(
  place: ObjectPlace,
  contentTypes: readonly string[],
): Promise<CarriedPayload> {
  const body = await readBytes(place);
  const contentType = contentTypeOf(body);
  if (contentType === undefined || !contentTypes.includes(contentType))
    throw new SeriatimError('UnsupportedContentType', refusal(place.key, contentType, contentTypes));
  return { claim: { ...place, bytes: body.length, contentType, sha256: hash('sha256', body) } };
}

function refusal(key: string, contentType: string | undefined, expected: readonly string[]): string {
  const found = contentType === undefined ? 'of no type that is known' : contentType;
  return `The bytes of ${key} are ${found}; expected ${expected.join(' or ')}.`;
}

async function readBytes(place: ObjectPlace): Promise<Buffer> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of await readStream(place)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch (cause) {
    if ((cause as Error).name !== 'NoSuchKey') throw cause;
    throw new ClaimNotFound(`There is no object s3://${place.bucket}/${place.key}.`, { cause });
  }
}
