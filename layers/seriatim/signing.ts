// Signature Version 4 of one kind of request: a POST without query whose headers, but for the date, are known
// beforehand. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHmac, hash } from 'node:crypto';

export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignableRequest {
  readonly path: string;
  /** By their names in lower case; all of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Signs requests of one scope; the day's key is derived once. */
export type Sign = (
  request: SignableRequest,
  credentials: SigningCredentials,
  nowMs: number,
) => Record<string, string>;

/** The headers that the request goes out with: its own, the date, the token, the authorisation. */
export function createSigner(scope: SigningScope): Sign {
  let cached: { id: string; key: Buffer } = { id: '', key: Buffer.alloc(0) };
  const dayKey = (day: string, { accessKeyId, secretAccessKey }: SigningCredentials): Buffer => {
    const id = `${day}/${accessKeyId}/${secretAccessKey}`;
    if (cached.id !== id) cached = { id, key: deriveKey(secretAccessKey, day, scope) };
    return cached.key;
  };
  return (request, credentials, nowMs) => {
    const date = `${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`;
    const day = date.slice(0, 8);
    const token = credentials.sessionToken;
    const headers = {
      ...request.headers,
      'x-amz-date': date,
      ...(token ? { 'x-amz-security-token': token } : {}),
    };
    const names = Object.keys(headers).sort();
    const signedHeaders = names.join(';');
    const canonicalHeaders = names
      .map((name) => `${name}:${headers[name as keyof typeof headers]}\n`)
      .join('');
    const canonical = `POST\n${request.path}\n\n${canonicalHeaders}\n${signedHeaders}\n${hash('sha256', request.body)}`;
    const credentialScope = `${day}/${scope.region}/${scope.service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${date}\n${credentialScope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', dayKey(day, credentials)).update(text).digest('hex');
    const credential = `${credentials.accessKeyId}/${credentialScope}`;
    return {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    };
  };
}

/** The key of one day for one service. */
export function deriveKey(secretAccessKey: string, day: string, { region, service }: SigningScope): Buffer {
  let key: Buffer | string = `AWS4${secretAccessKey}`;
  for (const part of [day, region, service, 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest();
  return key as Buffer;
}
