// Presigned URLs of S3: who holds one may do that one thing with that one object until it expires, without credentials.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
import { createHmac, hash } from 'node:crypto';
import { s3Client } from './clients.ts';
import type { ObjectPlace } from './objects.ts';
import { deriveKey, type SigningCredentials } from './signing.ts';

const EXPIRES_SECONDS = 3_600;

export async function presignedUrl(method: 'GET' | 'PUT', place: ObjectPlace): Promise<string> {
  const { config } = await s3Client();
  const [region, credentials] = await Promise.all([config.region(), config.credentials()]);
  const endpoint = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  return presign({ method, base: baseUrl(place, region, endpoint), region, credentials, nowMs: Date.now() });
}

/** One of our own endpoints has the bucket in the path, AWS in the host. */
function baseUrl({ bucket, key }: ObjectPlace, region: string, endpoint: string | undefined): URL {
  const path = key.split('/').map(encode).join('/');
  return endpoint === undefined
    ? new URL(`https://${bucket}.s3.${region}.amazonaws.com/${path}`)
    : new URL(`${endpoint.replace(/\/+$/, '')}/${bucket}/${path}`);
}

export interface PresignRequest {
  readonly method: string;
  readonly base: URL;
  readonly region: string;
  readonly credentials: SigningCredentials;
  readonly nowMs: number;
}

/** Pure. */
export function presign({ method, base, region, credentials, nowMs }: PresignRequest): string {
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const scope = `${day}/${region}/s3/aws4_request`;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const query = Object.entries({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(EXPIRES_SECONDS),
    ...(sessionToken ? { 'X-Amz-Security-Token': sessionToken } : {}),
    'X-Amz-SignedHeaders': 'host',
  })
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&');
  const canonical = `${method}\n${base.pathname}\n${query}\nhost:${base.host}\n\nhost\nUNSIGNED-PAYLOAD`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash('sha256', canonical)}`;
  const key = deriveKey(secretAccessKey, day, { region, service: 's3' });
  return `${base.href}?${query}&X-Amz-Signature=${createHmac('sha256', key).update(text).digest('hex')}`;
}

/** As signatures want it: everything but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
