// Every error that the container answers with: one registry of codes, each with its HTTP status. The body is always
// `{"error":{"code","message"}}`, never a stack trace. SageMaker passes status and body on as a ModelError's
// OriginalStatusCode and OriginalMessage.

/** Code → HTTP status. 4xx is the caller's to mend, 5xx the model's or the container's. */
export const ERROR_STATUS = {
  /** The body does not parse, or does not fit the model's inputs. */
  InvalidPayload: 400,
  /** The artefact cannot be served: no model, unknown layout, wrong combination of handlers. */
  InvalidArtefact: 400,
  /** The model is not loaded, or there is no such path. */
  ModelNotFound: 404,
  MethodNotAllowed: 405,
  /** The requested Accept cannot be written. */
  NotAcceptable: 406,
  ModelAlreadyLoaded: 409,
  /** A handler refused the request with a status of its own that no other code has. */
  RequestRefused: 400,
  PayloadTooLarge: 413,
  UnsupportedContentType: 415,
  /** The caller went away before the answer; nobody reads this one. */
  ClientClosedRequest: 499,
  /** The model or a handler failed. */
  ModelFailed: 500,
  /** The queue is full, or the container is stopping: try again after `Retry-After`. */
  Overloaded: 503,
  /** The answer was not there in time. */
  DeadlineExceeded: 504,
  /** A model more would pass the bound on models or memory: unload one and try again. */
  ModelOutOfMemory: 507,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** An error that the caller is meant to see. `name` is its code. */
export class InferenceError extends Error {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: InferenceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = code;
    this.statusCode = options.statusCode ?? ERROR_STATUS[code];
    this.headers = options.headers ?? {};
  }
}

export interface InferenceErrorOptions {
  /** In place of the code's own status: a handler may choose. */
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What a thrown value crosses a thread as. */
export interface ErrorRecord {
  readonly code: string;
  readonly statusCode: number;
  readonly message: string;
}

/**
 * Any thrown value as an `InferenceError`. A handler's own error class may carry `statusCode` (400-599); everything
 * else is a ModelFailed 500, or a 507 when it says that memory ran out.
 */
export function toInferenceError(thrown: unknown): InferenceError {
  if (thrown instanceof InferenceError) return thrown;
  const message = messageOf(thrown);
  if (isOutOfMemory(message)) return new InferenceError('ModelOutOfMemory', message, { cause: thrown });
  const statusCode = chosenStatus(thrown);
  return new InferenceError(codeOf(statusCode), message, {
    cause: thrown,
    ...(statusCode && { statusCode }),
  });
}

/** Anything can be thrown; what looks like an error is read as one. */
function messageOf(thrown: unknown): string {
  const message = (thrown as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : String(thrown);
}

/** The texts of a failed allocation, as ONNX Runtime, CUDA, V8 and the operating system word it. */
const OUT_OF_MEMORY =
  /out of memory|bad_alloc|failed to allocate memory|CUBLAS_STATUS_ALLOC_FAILED|array buffer allocation failed|ENOMEM|BFCArena/i;

export function isOutOfMemory(message: string): boolean {
  return OUT_OF_MEMORY.test(message);
}

/** Statuses that mean the same from a handler as from the container. */
const SHARED = [
  'InvalidPayload',
  'NotAcceptable',
  'PayloadTooLarge',
  'UnsupportedContentType',
  'Overloaded',
  'DeadlineExceeded',
  'ModelOutOfMemory',
] as const;

function codeOf(statusCode: number | undefined): ErrorCode {
  if (statusCode === undefined) return 'ModelFailed';
  const shared = SHARED.find((code) => ERROR_STATUS[code] === statusCode);
  return shared ?? (statusCode < 500 ? 'RequestRefused' : 'ModelFailed');
}

function chosenStatus(thrown: unknown): number | undefined {
  const status = (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status <= 599 ? status : undefined;
}

export function toErrorRecord(thrown: unknown): ErrorRecord {
  const { name, statusCode, message } = toInferenceError(thrown);
  return { code: name, statusCode, message };
}

export function fromErrorRecord({ code, statusCode, message }: ErrorRecord): InferenceError {
  return new InferenceError(code in ERROR_STATUS ? (code as ErrorCode) : 'ModelFailed', message, {
    statusCode,
  });
}

export function errorBody(error: InferenceError): string {
  return JSON.stringify({ error: { code: error.name, message: error.message } });
}
