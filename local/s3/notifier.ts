// Tells Lambda functions what happened to objects: at least once, in the background, and again after a failure or a
// restart. A notification is stored in the transaction of the change it tells of, and forgotten once it was taken.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { AwsPlace } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { Bucket } from './buckets.ts';
import { bareEtag } from './conditions.ts';
import { type EventName, type IdentifiedRule, isMet } from './notification-rules.ts';
import type { StoredDelivery, StoredObject } from './records.ts';

/** Hands an event, as JSON text, to a function. Rejects when it was not taken. */
export type Deliver = (functionArn: string, eventJson: string) => Promise<unknown>;

export interface NotifierOptions {
  readonly deliver: Deliver | undefined;
  readonly clock: Clock;
  readonly place: AwsPlace;
  readonly forget: (deliveryId: number) => void;
}

/** Asynchronous events live six hours at the longest: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html */
const MAX_AGE_MS = 6 * 3600 * 1000;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const MAX_AT_ONCE = 32;

export interface Occurrence {
  readonly event: EventName;
  readonly bucket: Bucket;
  readonly key: string;
  /** The object as it stands after the event; absent when it is gone. */
  readonly object?: StoredObject;
}

export class Notifier {
  readonly #options: NotifierOptions;
  #waiting: StoredDelivery[] = [];
  #underWay = new Set<Promise<void>>();
  #retries = new Map<number, () => void>();
  #lastSequence = 0n;
  #closed = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Whether anything can be told to anyone. */
  get delivers(): boolean {
    return this.#options.deliver !== undefined;
  }

  /** What is to be stored with the change; most changes concern no rule. */
  prepare(occurrence: Occurrence): Omit<StoredDelivery, 'id'>[] {
    const { bucket, event, key } = occurrence;
    if (bucket.notifications.length === 0 || !this.delivers) return [];
    return bucket.notifications
      .filter((rule) => isMet(rule, event, key))
      .map((rule) => ({
        functionArn: rule.functionArn,
        event: this.#eventJson(occurrence, rule),
        createdMs: this.#options.clock.now(),
      }));
  }

  /** Starts to deliver what has been stored; returns at once. */
  dispatch(deliveries: readonly StoredDelivery[]): void {
    if (deliveries.length === 0 || this.#closed || !this.delivers) return;
    this.#waiting.push(...deliveries);
    setImmediate(() => this.#startWaiting());
  }

  /** Waits for deliveries under way; what is left is delivered by the next process. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting = [];
    for (const cancel of this.#retries.values()) cancel();
    await Promise.all(this.#underWay);
  }

  #startWaiting(): void {
    while (this.#underWay.size < MAX_AT_ONCE && this.#waiting.length > 0) {
      const work = this.#deliver(this.#waiting.shift()!, 0).finally(() => {
        this.#underWay.delete(work);
        this.#startWaiting();
      });
      this.#underWay.add(work);
    }
  }

  async #deliver(delivery: StoredDelivery, failures: number): Promise<void> {
    try {
      await this.#options.deliver!(delivery.functionArn, delivery.event);
      this.#options.forget(delivery.id);
    } catch (thrown) {
      this.#again(delivery, failures + 1, thrown);
    }
  }

  #again(delivery: StoredDelivery, failures: number, thrown: unknown): void {
    const { clock, forget } = this.#options;
    if (clock.now() - delivery.createdMs > MAX_AGE_MS) {
      const message = `S3 notification to ${delivery.functionArn} given up: ${String(thrown)}; ${delivery.event}`;
      process.emitWarning(message, 'S3NotificationLost');
      forget(delivery.id);
      return;
    }
    if (this.#closed) return;
    const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
    const retry = (): void => {
      this.#retries.delete(delivery.id);
      const work = this.#deliver(delivery, failures).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    };
    this.#retries.set(delivery.id, clock.schedule(delayMs, retry));
  }

  #eventJson({ bucket, event, key, object }: Occurrence, rule: IdentifiedRule): string {
    const { clock, place } = this.#options;
    const record = {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: place.region,
      eventTime: new Date(clock.now()).toISOString(),
      eventName: event,
      userIdentity: { principalId: `AWS:${place.accountId}` },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: {
        'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(),
        'x-amz-id-2': randomBytes(24).toString('base64'),
      },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: rule.id,
        bucket: {
          name: bucket.name,
          ownerIdentity: { principalId: place.accountId },
          arn: `arn:${place.partition}:s3:::${bucket.name}`,
        },
        object: {
          key: encodeEventKey(key),
          ...(object === undefined ? {} : { size: object.sizeBytes, eTag: bareEtag(object.etag) }),
          sequencer: this.#nextSequencer(),
        },
      },
    };
    return JSON.stringify({ Records: [record] });
  }

  /** Greater for each later event of a key when compared as text; also across restarts, because it begins with time. */
  #nextSequencer(): string {
    const byTime = BigInt(this.#options.clock.now()) << 16n;
    this.#lastSequence = byTime > this.#lastSequence ? byTime : this.#lastSequence + 1n;
    return this.#lastSequence.toString(16).toUpperCase().padStart(18, '0');
  }
}

/** As an HTML form would: a space is a plus. */
export function encodeEventKey(key: string): string {
  return new URLSearchParams([['', key]]).toString().slice(1).replaceAll('%2F', '/');
}

/** Why a notification configuration is refused by a process without functions. */
export function deliversNothing(): AwsError {
  const message = 'No Lambda functions run here, so a bucket cannot notify any.';
  return new AwsError('NotImplemented', message, { statusCode: 501 });
}
