// `aws-sdk:s3:listObjects`, S3's older listing, over the newer one: pages by the last key instead of by a token.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
import type { SdkOperations, SdkValues } from '../../service.ts';

/** The operations with `listObjects` beside them, where they have only `listObjectsV2`. */
export function withOldListing(operations: SdkOperations): SdkOperations {
  const { listObjects, listObjectsV2 } = operations;
  if (listObjects !== undefined || listObjectsV2 === undefined) return operations;
  return { ...operations, listObjects: async (input) => listedOldWay(listObjectsV2, input) };
}

async function listedOldWay(list: SdkOperations[string], input: SdkValues): Promise<SdkValues> {
  const { Marker, ...rest } = input;
  const page = await list({ ...rest, ...(Marker === undefined ? {} : { StartAfter: Marker }) });
  const { KeyCount: _count, NextContinuationToken: _token, StartAfter: _after, ...answer } = page;
  return { ...answer, Marker: Marker ?? '', ...nextMarker(page) };
}

/** S3 names the next marker only where keys are grouped by a delimiter; else it is the last key. */
function nextMarker({ IsTruncated, Delimiter, Contents, CommonPrefixes }: SdkValues): SdkValues {
  if (IsTruncated !== true || Delimiter === undefined) return {};
  const keys = ((Contents ?? []) as { Key?: string }[]).map(({ Key }) => Key ?? '');
  const prefixes = ((CommonPrefixes ?? []) as { Prefix?: string }[]).map(({ Prefix }) => Prefix ?? '');
  const last = [...keys, ...prefixes].sort().at(-1);
  return last === undefined ? {} : { NextMarker: last };
}
