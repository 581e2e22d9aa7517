// The registry of errors that a pipeline can end in. `name` equals the code, because Step Functions matches
// `ErrorEquals` against the name of a Lambda error: the class, the name in the state machine and the code in the
// HTTP answer read alike. docs/errors.md is the same table in words.

/** `retry`: the same call may well succeed later. `terminal`: it will fail again. */
export type ErrorEffect = 'retry' | 'terminal';

/** What is known about where an error arose. */
export interface ErrorPlace {
  readonly pipeline?: string;
  readonly stage?: string;
  readonly cause?: unknown;
  /** Of a ModelFailed: the status that the model's container answered with. */
  readonly modelStatus?: number;
}

/** An error that callers of a pipeline are meant to see. */
export class SeriatimError extends Error {
  readonly effect: ErrorEffect;
  readonly httpStatus: number;
  readonly pipeline: string | undefined;
  readonly stage: string | undefined;
  readonly modelStatus: number | undefined;

  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = code;
    this.effect = ERRORS[code].effect;
    this.httpStatus = ERRORS[code].httpStatus;
    this.pipeline = place.pipeline;
    this.stage = place.stage;
    this.modelStatus = place.modelStatus;
  }

  get code(): ErrorCode {
    return this.name as ErrorCode;
  }
}

/** Every code with its effect and HTTP status, and what it means. */
export const ERRORS = {
  /** A request, field or record does not fit the pipeline's schema. */
  InvalidPayload: { effect: 'terminal', httpStatus: 400 },
  /** No pipeline of that name. */
  PipelineNotFound: { effect: 'terminal', httpStatus: 404 },
  /** No batch run of that id. */
  RunNotFound: { effect: 'terminal', httpStatus: 404 },
  /** The request's content type is none that the stage reads. */
  UnsupportedContentType: { effect: 'terminal', httpStatus: 415 },
  /** The stage writes none of the content types that the caller accepts. */
  NotAcceptable: { effect: 'terminal', httpStatus: 406 },
  /** Larger than a limit that is known before the call. */
  PayloadTooLarge: { effect: 'terminal', httpStatus: 413 },
  /** One stage's output is not what the next one takes. */
  ContractViolation: { effect: 'terminal', httpStatus: 502 },
  /** The target model has no artefact. */
  ModelNotFound: { effect: 'terminal', httpStatus: 404 },
  /** The endpoint has no variant of the name that was asked for. */
  VariantNotFound: { effect: 'terminal', httpStatus: 404 },
  /** The target model is still being downloaded or loaded. */
  ModelLoading: { effect: 'retry', httpStatus: 429 },
  /** No memory for the model, even after others were unloaded. */
  ModelOutOfMemory: { effect: 'retry', httpStatus: 507 },
  /** The model, or the container around it, answered with an error. */
  ModelFailed: { effect: 'terminal', httpStatus: 424 },
  /** The endpoint takes no more calls for now. */
  EndpointThrottled: { effect: 'retry', httpStatus: 429 },
  /** The endpoint cannot be reached or is not in service. */
  EndpointUnavailable: { effect: 'retry', httpStatus: 503 },
  /** The stage has failed so often of late that it is not called for a while. */
  CircuitOpen: { effect: 'retry', httpStatus: 503 },
  /** A stage did not answer within its time. */
  StageTimeout: { effect: 'retry', httpStatus: 504 },
  /** The whole execution did not end within its time. */
  DeadlineExceeded: { effect: 'terminal', httpStatus: 504 },
  /** A claim points to an object that is gone. */
  ClaimNotFound: { effect: 'terminal', httpStatus: 410 },
  /** A claimed object is not what was written. */
  ClaimMismatch: { effect: 'terminal', httpStatus: 502 },
  /** The bucket of a batch cannot be read or written. */
  StorageFailed: { effect: 'retry', httpStatus: 503 },
  /** More of a batch's records failed than it tolerates. */
  TooManyFailures: { effect: 'terminal', httpStatus: 500 },
  /** A batch had records and none came through. */
  AllRecordsFailed: { effect: 'terminal', httpStatus: 500 },
  /** A batch was asked for of a prefix under which there is nothing. */
  EmptyInput: { effect: 'terminal', httpStatus: 400 },
  /** A batch was asked for of an object that is not there. */
  InputNotFound: { effect: 'terminal', httpStatus: 404 },
  /** The results of a batch stood where a later run's are now. */
  ResultsReplaced: { effect: 'terminal', httpStatus: 410 },
  /** A stage's own code failed. */
  StageFailed: { effect: 'terminal', httpStatus: 500 },
  /** The state machine itself failed: a defect of the pipeline's definition, or a quota. */
  ExecutionFailed: { effect: 'terminal', httpStatus: 500 },
} as const satisfies Record<string, { effect: ErrorEffect; httpStatus: number }>;

export type ErrorCode = keyof typeof ERRORS;

export function isErrorCode(name: unknown): name is ErrorCode {
  return typeof name === 'string' && Object.hasOwn(ERRORS, name);
}

/** A field or record that does not fit its schema; the message starts with the field's path. */
export class InvalidPayload extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('InvalidPayload', message, place);
  }
}

export class PipelineNotFound extends SeriatimError {
  constructor(pipeline: string, known: readonly string[]) {
    super('PipelineNotFound', `There is no pipeline "${pipeline}"; known: ${known.join(', ')}.`, {
      pipeline,
    });
  }
}

export class UnsupportedContentType extends SeriatimError {
  constructor(found: string | undefined, expected: readonly string[], place?: ErrorPlace) {
    const message = `Content type ${found ? `"${found}"` : '(none)'} is not supported; expected ${expected.join(' or ')}.`;
    super('UnsupportedContentType', message, place);
  }
}

export class NotAcceptable extends SeriatimError {
  constructor(accept: string, given: readonly string[], place?: ErrorPlace) {
    const message = `Accept "${accept}" cannot be answered; answers are ${given.join(' or ')}.`;
    super('NotAcceptable', message, place);
  }
}

export class PayloadTooLarge extends SeriatimError {
  constructor(what: string, sizes: { bytes: number; limitBytes: number }, place?: ErrorPlace) {
    super(
      'PayloadTooLarge',
      `${what} is ${sizes.bytes} bytes; at most ${sizes.limitBytes} are taken.`,
      place,
    );
  }
}

export class ContractViolation extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('ContractViolation', message, place);
  }
}

export class ModelNotFound extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('ModelNotFound', message, place);
  }
}

export class ModelFailed extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('ModelFailed', message, place);
  }
}

export class ClaimNotFound extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('ClaimNotFound', message, place);
  }
}

export class ClaimMismatch extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('ClaimMismatch', message, place);
  }
}

export class StageFailed extends SeriatimError {
  constructor(message: string, place?: ErrorPlace) {
    super('StageFailed', message, place);
  }
}
