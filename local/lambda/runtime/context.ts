// The context object that a handler gets. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
import type { EnvironmentData, InvokeMessage } from './protocol.ts';

/** One class for all invocations, so that a call costs one small object. */
export class InvocationContext {
  callbackWaitsForEmptyEventLoop = true;
  readonly functionVersion = '$LATEST';
  readonly functionName: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly clientContext: unknown;
  readonly identity = undefined;
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;

  constructor(data: EnvironmentData, message: InvokeMessage) {
    const endsAt = performance.now() + message.remainingMs;
    this.functionName = data.functionName;
    this.memoryLimitInMB = String(data.memoryMb);
    this.logGroupName = data.logGroup;
    this.logStreamName = data.logStream;
    this.clientContext = parseClientContext(message.clientContext);
    this.invokedFunctionArn = data.functionArn;
    this.awsRequestId = message.requestId;
    this.getRemainingTimeInMillis = () => Math.max(0, Math.floor(endsAt - performance.now()));
  }
}

function parseClientContext(text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
