// How the Node.js runtime of Lambda shapes what a function throws: `errorType` is the error's name, which is what
// Step Functions matches in `ErrorEquals`. Seen in aws/aws-lambda-nodejs-runtime-interface-client, src/Errors.js.

export interface ErrorPayload {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** An error of the runtime itself; its name is the code, such as `Runtime.ImportModuleError`. */
export class RuntimeError extends Error {
  constructor(code: string, message: string, options?: { readonly stack?: string | undefined }) {
    super(message);
    this.name = code;
    if (options?.stack !== undefined) this.stack = options.stack;
  }
}

export function errorPayload(thrown: unknown): ErrorPayload {
  try {
    if (!isError(thrown)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
    return {
      errorType: String(thrown.name),
      errorMessage: String(thrown.message),
      trace: (thrown.stack ?? '').split('\n'),
    };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

/** The object that the runtime logs for an error: with the error's own members, and `stack` in place of `trace`. */
export function errorForLog(thrown: unknown): string {
  const { errorType, errorMessage, trace } = errorPayload(thrown);
  const own = isError(thrown) ? { ...thrown } : {};
  try {
    return JSON.stringify({ errorType, errorMessage, ...own, stack: trace });
  } catch {
    return JSON.stringify({ errorType, errorMessage, stack: trace });
  }
}

function isError(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true;
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'name' in thrown &&
    'message' in thrown &&
    'stack' in thrown
  );
}
