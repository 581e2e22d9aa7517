// Runs as the HTTP API tells of them.
import { apiUrl, CommandError, callApi, errorText, getJson } from '../http-api.ts';

export interface BatchView {
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly progress: { readonly records?: number; readonly done: number; readonly failed: number };
  readonly manifest?: BatchManifest;
  readonly links?: { readonly output?: string; readonly errors?: string };
  readonly error?: { readonly code: string; readonly message: string };
}

export interface BatchManifest {
  readonly status: string;
  readonly durationMs: number;
  readonly recordsPerSecond: number;
  readonly counts: {
    readonly records: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly errors: Readonly<Record<string, number>>;
  };
  readonly error?: { readonly stage: string; readonly code: string; readonly message: string };
  readonly output?: { readonly bytes: number; readonly sha256: string };
  readonly note?: string;
}

export interface ListedBatch {
  readonly id: string;
  readonly pipeline: string;
  readonly status: string;
  readonly startedAt: string;
  readonly endedAt?: string;
}

export function readBatch(id: string, url: string | undefined): Promise<BatchView> {
  return getJson<BatchView>({ url: apiUrl(url), path: `/batches/${encodeURIComponent(id)}` });
}

/** @throws CommandError with the API's own words */
export async function postBatch<Body>(path: string, body: unknown, url: string | undefined): Promise<Body> {
  const answer = await callApi({ url: apiUrl(url), path, body: JSON.stringify(body) });
  if (answer.statusCode >= 300) throw new CommandError(errorText(answer));
  return JSON.parse(answer.text) as Body;
}
