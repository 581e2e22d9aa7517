// Where notices of asynchronous inference go in place of an SNS topic: a JSON line in the log group
// `/aws/sns/<topic>`, and a POST to each http(s) subscription that the template has for the topic.
// https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html
import { randomUUID } from 'node:crypto';
import type { LogSink } from '../logs/api.ts';

/** URLs by the topic's ARN. */
export type Subscriptions = Map<string, string[]>;

export type Notify = (topicArn: string, message: string) => Promise<void>;

const STREAM = 'notifications';
/** SNS gives a subscriber 15 s. */
const TIMEOUT_MS = 15_000;

/** @returns what throws when a subscriber did not take a notice; the log group has it all the same */
export function notifier(logs: LogSink, subscriptions: Subscriptions): Notify {
  return async (topicArn, message) => {
    const group = `/aws/sns/${topicArn.split(':').at(-1)}`;
    const write = (entry: object): void =>
      logs.write(group, STREAM, [{ timestamp: Date.now(), message: JSON.stringify(entry) }]);
    const notice = {
      Type: 'Notification',
      MessageId: randomUUID(),
      TopicArn: topicArn,
      Message: message,
      Timestamp: new Date().toISOString(),
    };
    write(notice);
    const deliveries = (subscriptions.get(topicArn) ?? []).map(async (url) => {
      const problem = await post(url, notice).catch((error: Error) => error.message);
      if (problem !== undefined)
        write({ MessageId: notice.MessageId, Endpoint: url, DeliveryFailed: problem });
      return problem === undefined ? [] : [`${url}: ${problem}`];
    });
    const problems = (await Promise.all(deliveries)).flat();
    if (problems.length > 0) throw new Error(problems.join('; '));
  };
}

/** @returns why it was not taken, or undefined */
async function post(url: string, notice: Record<string, string>): Promise<string | undefined> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'text/plain; charset=UTF-8',
      'x-amz-sns-message-type': 'Notification',
      'x-amz-sns-message-id': notice.MessageId!,
      'x-amz-sns-topic-arn': notice.TopicArn!,
    },
    body: JSON.stringify(notice),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  return response.ok ? undefined : `status ${response.status}`;
}
