// Addresses of objects as they stand in URLs and in the header of a copy.
import { AwsError } from '../wire/errors.ts';
import type { ObjectAddress } from './api.ts';

/** `bucket/key`, the key percent-encoded, with or without a slash before it. @throws AwsError InvalidArgument (400) */
export function parseCopySource(text: string): ObjectAddress {
  const [path = '', query = ''] = text.split('?', 2);
  const version = new URLSearchParams(query).get('versionId');
  const bare = path.startsWith('/') ? path.slice(1) : path;
  const slash = bare.indexOf('/');
  if (slash < 1 || (version !== null && version !== 'null')) {
    throw new AwsError(
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  return { bucket: bare.slice(0, slash), key: decodePath(bare.slice(slash + 1)) };
}

/** @throws AwsError InvalidURI (400) */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.", { cause });
  }
}
