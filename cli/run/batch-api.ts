// Runs as the HTTP API tells of them.
import { EXIT_FAILURE, EXIT_USAGE } from '../exit.ts';
import { apiUrl, CommandError, callApi, errorText, getJson } from '../http-api.ts';

export interface BatchView {
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly progress: BatchProgress;
  /** Going on with it may bring it further. */
  readonly isResumable: boolean;
  readonly manifest?: BatchManifest;
  readonly links?: { readonly output?: string; readonly errors?: string };
  /** The runs whose results stand where this one's were. */
  readonly replaced?: { readonly output?: string; readonly errors?: string };
  readonly error?: { readonly code: string; readonly message: string };
}

export interface BatchProgress {
  readonly records?: number;
  readonly done: number;
  readonly failed: number;
  readonly recordsPerSecond?: number;
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
  readonly output?: WrittenObject;
  readonly errors?: WrittenObject;
  readonly note?: string;
}

export interface WrittenObject {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ListedBatch {
  readonly id: string;
  readonly pipeline: string;
  readonly status: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export function readBatch(id: string, url: string | undefined): Promise<BatchView> {
  return getJson<BatchView>({ url: apiUrl(url), path: `/batches/${encodeURIComponent(id)}` });
}

/** @throws CommandError with the API's own words */
export async function postBatch<Body>(path: string, body: unknown, url: string | undefined): Promise<Body> {
  const answer = await callApi({ url: apiUrl(url), path, body: JSON.stringify(body) });
  // What was asked for is wrong, before any work was done.
  const exitCode = isUsage(answer) ? EXIT_USAGE : EXIT_FAILURE;
  if (answer.statusCode >= 300) throw new CommandError(errorText(answer), exitCode);
  return JSON.parse(answer.text) as Body;
}

/** What was asked cannot be: the options, the file's form, a pipeline that there is none of. */
function isUsage({ statusCode, text }: { readonly statusCode: number; readonly text: string }): boolean {
  return (
    statusCode === 400 || statusCode === 415 || (statusCode === 404 && text.includes('PipelineNotFound'))
  );
}
