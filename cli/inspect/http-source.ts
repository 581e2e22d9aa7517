// The inspection API over HTTP.
import { request } from 'undici';
import { apiUrl, unreachable } from '../http-api.ts';
import type { Ask } from './api.ts';

/** @throws CommandError when nothing answers */
export function askHttp(given: string | undefined): Ask {
  const url = apiUrl(given);
  const token = process.env.SERIATIM_TOKEN;
  return async ({ method, path, query = {}, body }) => {
    const asked = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = asked.length === 0 ? '' : `?${new URLSearchParams(asked)}`;
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    try {
      const answer = await request(url + path + search, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      const contentType = String(answer.headers['content-type'] ?? '');
      return {
        statusCode: answer.statusCode,
        headers: { 'content-type': contentType },
        body: bytes.toString('base64'),
        isBase64Encoded: true,
      };
    } catch (thrown) {
      throw unreachable(url, thrown as Error & { code?: string });
    }
  };
}
