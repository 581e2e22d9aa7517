// InvokeEndpointWithResponseStream: the last container's answer goes out in event-stream frames as it comes. What
// fails before its first byte is an ordinary error; what fails after it is an exception inside the stream.
import type { ServerResponse } from 'node:http';
import { toAwsError } from '../../wire/errors.ts';
import type { AnswerSink, ContainerAnswer } from '../hosting/container-client.ts';
import type { HostContext } from '../hosting/host-context.ts';
import { invokeChain } from './chain.ts';
import { payloadPart, streamException } from './event-stream.ts';
import type { Invocation } from './invocation.ts';
import type { Invoker } from './invoke.ts';

export interface StreamReply {
  readonly response: ServerResponse;
  readonly requestId: string;
}

/** @throws AwsError when nothing has been sent yet */
export async function invokeAsStream(
  invoker: Invoker,
  invocation: Invocation,
  context: HostContext,
  reply: StreamReply,
): Promise<void> {
  const route = await invoker.routeAny(invocation);
  const sink = new FrameSink(reply, route.variant.name);
  const timeoutMs = context.settings.streamTimeoutMs;
  try {
    await invokeChain(route, invocation, context, { timeoutMs, sink });
  } catch (thrown) {
    if (!sink.hasBegun) throw thrown;
    sink.fail(thrown, route.containers.at(-1)!.plan.name);
  }
  reply.response.end();
}

class FrameSink implements AnswerSink {
  hasBegun = false;
  readonly #reply: StreamReply;
  readonly #variantName: string;

  constructor(reply: StreamReply, variantName: string) {
    this.#reply = reply;
    this.#variantName = variantName;
  }

  begin(head: Omit<ContainerAnswer, 'body'>): void {
    this.hasBegun = true;
    const headers: Record<string, string> = {
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-requestid': this.#reply.requestId,
      'x-amzn-invoked-production-variant': this.#variantName,
    };
    if (head.contentType !== undefined) headers['x-amzn-sagemaker-content-type'] = head.contentType;
    if (head.customAttributes !== undefined)
      headers['x-amzn-sagemaker-custom-attributes'] = head.customAttributes;
    this.#reply.response.writeHead(200, headers);
    this.#reply.response.flushHeaders();
  }

  write(chunk: Buffer, resume: () => void): boolean {
    const { response } = this.#reply;
    // A caller that has gone takes everything: the model finishes and nobody waits.
    if (response.destroyed || response.write(payloadPart(chunk))) return true;
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resume();
    };
    response.once('drain', go).once('close', go);
    return false;
  }

  fail(thrown: unknown, containerName: string): void {
    const error = toAwsError(thrown);
    const isTimeout = String(error.members.OriginalMessage ?? '').startsWith('Your invocation timed out');
    const members = isTimeout
      ? {
          Message: `Your model ${containerName} did not complete sending the inference response in the allotted time.`,
          ErrorCode: 'ModelInvocationTimeExceeded',
        }
      : { Message: error.message, ErrorCode: 'StreamBroken' };
    this.#reply.response.write(streamException('ModelStreamError', members));
  }
}
