// The objects under a prefix as items, or their contents with the transformation LOAD_AND_FLATTEN.
import type { Json } from '../json/text.ts';
import { objectItems, type ReaderSource, readerFailure, s3Failure } from './reader.ts';

export async function* listingItems(source: ReaderSource): AsyncGenerator<Json> {
  const { s3 } = source.frame.execution.engine;
  if (s3 === undefined) throw readerFailure('No S3 service is connected.');
  const prefix = source.parameters.Prefix;
  let continuationToken: string | undefined;
  do {
    const page = await s3
      .listObjects({
        bucket: source.bucket,
        ...(typeof prefix === 'string' ? { prefix } : {}),
        ...(continuationToken === undefined ? {} : { continuationToken }),
      })
      .catch((thrown: unknown) => {
        throw s3Failure(thrown);
      });
    for (const object of page.objects) {
      if (source.reader.transformation === 'LOAD_AND_FLATTEN') {
        if (object.sizeBytes > 0) yield* objectItems({ ...source, key: object.key });
        continue;
      }
      yield {
        Etag: object.etag,
        Key: object.key,
        LastModified: Math.floor(object.lastModifiedMs / 1000),
        Size: object.sizeBytes,
        StorageClass: 'STANDARD',
      };
    }
    continuationToken = page.nextToken;
  } while (continuationToken !== undefined);
}
