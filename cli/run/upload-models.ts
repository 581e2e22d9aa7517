// Uploading artefacts. An artefact's bytes depend on its model alone, so an equal MD5 means that it is there already.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Artefact, packArtefacts } from '../../packaging/artefacts.ts';

const projectFolder = join(import.meta.dirname, '../..');

/** @throws Error of the SDK when the bucket is missing or closed to the caller */
export async function uploadModels(bucket: string): Promise<{ uploaded: number; unchanged: number }> {
  const artefacts = await packArtefacts(projectFolder);
  const client = new S3Client({});
  let uploaded = 0;
  try {
    for (const artefact of artefacts) if (await uploadIfChanged(client, bucket, artefact)) uploaded++;
  } finally {
    client.destroy();
  }
  return { uploaded, unchanged: artefacts.length - uploaded };
}

async function uploadIfChanged(client: S3Client, bucket: string, { key, file }: Artefact): Promise<boolean> {
  const body = await readFile(file);
  const md5 = createHash('md5').update(body).digest('hex');
  if ((await etagOf(client, bucket, key)) === `"${md5}"`) return false;
  const object = { Bucket: bucket, Key: key, Body: body, ContentType: 'application/gzip' };
  await client.send(new PutObjectCommand(object));
  return true;
}

async function etagOf(client: S3Client, bucket: string, key: string): Promise<string | undefined> {
  try {
    return (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))).ETag;
  } catch (thrown) {
    if ((thrown as Error).name === 'NotFound') return undefined;
    throw thrown;
  }
}
