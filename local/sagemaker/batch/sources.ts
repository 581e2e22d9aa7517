// The objects a transform job reads: everything under a prefix, or what a manifest lists; and where each one's output
// belongs.
import type { S3 } from '../../s3/api.ts';
import { parseS3Url } from '../hosting/plan.ts';
import type { TransformRequest } from './transform-request.ts';

export interface SourceObject {
  readonly bucket: string;
  readonly key: string;
  /** The key's part that is kept in the output, with `.out` behind it. */
  readonly relativeKey: string;
}

/** @throws Error when there is nothing to read */
export async function sourceObjects(s3: S3, request: TransformRequest): Promise<SourceObject[]> {
  const { S3DataType, S3Uri } = request.TransformInput.DataSource.S3DataSource;
  const found = S3DataType === 'ManifestFile' ? await fromManifest(s3, S3Uri) : await fromPrefix(s3, S3Uri);
  if (found.length === 0)
    throw new Error(`ClientError: No S3 objects found under S3 URL "${S3Uri}" given in input data source.`);
  return found;
}

async function fromPrefix(s3: S3, url: string): Promise<SourceObject[]> {
  const { bucket, key: prefix } = parseS3Url(url);
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const objects: SourceObject[] = [];
  let continuationToken: string | undefined;
  do {
    const listed = await s3.listObjects({
      bucket,
      prefix,
      ...(continuationToken ? { continuationToken } : {}),
    });
    for (const { key } of listed.objects) {
      if (!key.endsWith('/')) objects.push({ bucket, key, relativeKey: key.slice(folder.length) });
    }
    continuationToken = listed.nextToken;
  } while (continuationToken !== undefined);
  return objects;
}

/** `[{"prefix":"s3://bucket/folder/"},"one.csv","sub/two.csv"]` */
async function fromManifest(s3: S3, url: string): Promise<SourceObject[]> {
  const { body } = await s3.getObject(parseS3Url(url));
  const entries = JSON.parse(Buffer.concat(await body.toArray()).toString('utf8')) as [
    { prefix: string },
    ...string[],
  ];
  const [{ prefix }, ...names] = entries;
  const { bucket, key } = parseS3Url(prefix);
  return names.map((name) => ({ bucket, key: key + name, relativeKey: name }));
}
