// Claims and the beginnings of objects, read from S3 for those who may read payloads.
import { readClaim } from '../../claims.ts';
import { s3Client } from '../../clients.ts';
import type { PayloadContext } from './payload-routes.ts';

/** @param buckets that claims may lie in; any unless told */
export function objectReaders(
  buckets?: readonly string[],
): Pick<PayloadContext, 'readClaim' | 'readHead' | 'buckets'> {
  return {
    ...(buckets === undefined ? {} : { buckets }),
    readClaim: async (claim) => (await readClaim(claim)).body,
    readHead: async ({ bucket, key, from = 0, bytes }) => {
      if (buckets !== undefined && !buckets.includes(bucket)) return;
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      const client = await s3Client();
      try {
        const range = `bytes=${from}-${from + bytes - 1}`;
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: range }));
        return await answer.Body!.transformToByteArray();
      } catch (thrown) {
        // An empty object has no first byte.
        if (thrown instanceof Error && ['NoSuchKey', 'InvalidRange'].includes(thrown.name)) return undefined;
        throw thrown;
      }
    },
  };
}
