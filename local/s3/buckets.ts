// The buckets and their configurations, held in memory and written through. Configurations are kept as the documents
// that were given; those with an effect are also read into rules: notifications and lifecycle.
import type { Clock } from '../clock.ts';
import { AwsError } from '../wire/errors.ts';
import { type LifecycleRule, readLifecycle } from './lifecycle-rules.ts';
import { checkBucketName } from './names.ts';
import { type IdentifiedRule, readNotifications } from './notification-rules.ts';
import type { BucketRow, Store } from './store.ts';

export interface Bucket extends BucketRow {
  readonly notifications: readonly IdentifiedRule[];
  readonly lifecycle: readonly LifecycleRule[];
}

/** Configurations by the name of their query parameter. */
export type SettingName =
  | 'notification'
  | 'lifecycle'
  | 'tagging'
  | 'versioning'
  | 'encryption'
  | 'policy'
  | 'ownershipControls'
  | 'publicAccessBlock';

export class Buckets {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #byName: Map<string, Bucket>;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#byName = new Map(store.buckets().map((row) => [row.name, withRules(row)]));
  }

  /** By name. */
  all(): Bucket[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws AwsError NoSuchBucket (404) */
  get(name: string): Bucket {
    const bucket = this.#byName.get(name);
    if (bucket !== undefined) return bucket;
    throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', {
      statusCode: 404,
      members: { BucketName: name },
    });
  }

  /** Idempotent, as in us-east-1 for a bucket's owner. @throws AwsError InvalidBucketName (400) */
  create(name: string): Bucket {
    checkBucketName(name);
    const existing = this.#byName.get(name);
    if (existing !== undefined) return existing;
    const bucket = withRules(this.#store.insertBucket(name, this.#clock.now()));
    this.#byName.set(name, bucket);
    return bucket;
  }

  /** Returns the files that unfinished uploads leave behind. @throws AwsError BucketNotEmpty (409) */
  delete(name: string): string[] {
    const bucket = this.get(name);
    for (const _ of this.#store.objectsFrom(bucket.id, '')) {
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', {
        statusCode: 409,
        members: { BucketName: name },
      });
    }
    this.#byName.delete(name);
    return this.#store.deleteBucket(bucket.id);
  }

  /** @param document `undefined` removes the configuration */
  configure(name: string, setting: SettingName, document: string | undefined): void {
    const bucket = this.get(name);
    const { [setting]: _, ...others } = bucket.settings;
    const settings = document === undefined ? others : { ...others, [setting]: document };
    const { id, createdMs } = bucket;
    const changed = withRules({ id, name, createdMs, settings });
    this.#store.saveSettings(id, settings);
    this.#byName.set(name, changed);
  }
}

function withRules(row: BucketRow): Bucket {
  const { notification, lifecycle } = row.settings;
  return {
    ...row,
    notifications: notification === undefined ? [] : readNotifications(notification),
    lifecycle: lifecycle === undefined ? [] : readLifecycle(lifecycle),
  };
}
