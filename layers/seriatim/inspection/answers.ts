// What the inspection functions answer over the HTTP API.

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonAnswer(statusCode: number, body: unknown): HttpAnswer {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  };
}

/** In the form of all errors of the HTTP API: `{"error":{"code","message"}}`. */
export function errorAnswer(statusCode: number, code: string, message: string): HttpAnswer {
  return jsonAnswer(statusCode, { error: { code, message } });
}
