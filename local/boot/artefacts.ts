// Puts the model artefacts into the model bucket, those that are not there yet or have changed.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { S3 } from '../s3/api.ts';
import type { Template } from './template/model.ts';
import { references } from './template/references.ts';

export interface Artefact {
  /** In the model bucket. */
  readonly key: string;
  readonly file: string;
}

/** The bucket that the template's output `ModelBucketName` names. */
export function modelBucketId({ outputs, resources }: Template): string | undefined {
  for (const { name } of references(outputs.ModelBucketName?.Value, 'Outputs.ModelBucketName')) {
    if (resources[name]?.Type === 'AWS::S3::Bucket') return name;
  }
  return undefined;
}

/** @returns how many were uploaded */
export async function uploadArtefacts(
  s3: S3,
  bucket: string,
  artefacts: readonly Artefact[],
): Promise<number> {
  let uploaded = 0;
  for (const artefact of artefacts) if (await uploadIfChanged(s3, bucket, artefact)) uploaded++;
  return uploaded;
}

async function uploadIfChanged(s3: S3, bucket: string, { key, file }: Artefact): Promise<boolean> {
  if ((await etagOf(s3, bucket, key)) === (await expectedEtag(file))) return false;
  await s3.putObject({ bucket, key }, createReadStream(file), { contentType: 'application/gzip' });
  return true;
}

/** The ETag of an object put in one piece is its MD5. */
async function expectedEtag(file: string): Promise<string> {
  const digest = createHash('md5');
  await pipeline(createReadStream(file), digest);
  return `"${digest.digest('hex')}"`;
}

async function etagOf(s3: S3, bucket: string, key: string): Promise<string | undefined> {
  try {
    return (await s3.headObject({ bucket, key })).etag;
  } catch {
    // Not there: whatever else is wrong with the store, the put will say.
    return undefined;
  }
}
