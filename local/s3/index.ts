// S3 on one machine: buckets and objects in one folder, durable across restarts and kills.
// One process at a time may have the folder open.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Clock, systemClock } from '../clock.ts';
import { type AwsPlace, DEFAULT_PLACE } from '../service.ts';
import type { BucketSettings, ListPage, ListQuery, ObjectInfo, PutOptions, S3 } from './api.ts';
import { BodyFolder } from './body-folder.ts';
import { Buckets } from './buckets.ts';
import type { Ground } from './ground.ts';
import { writeLifecycle } from './lifecycle-rules.ts';
import { decodeToken, encodeToken } from './listing.ts';
import { writeNotifications } from './notification-rules.ts';
import { type Deliver, deliversNothing, Notifier } from './notifier.ts';
import { invalidToken, listObjects } from './object-listing.ts';
import * as objects from './objects.ts';
import { resolveRange } from './ranges.ts';
import type { StoredObject } from './records.ts';
import type { FreeBytes } from './room.ts';
import { createOperations } from './sdk.ts';
import { Store } from './store.ts';
import { startSweeping } from './sweeper.ts';
import { createWireHandler } from './wire.ts';

export interface S3Options {
  /** Everything is kept here; made when it does not exist. */
  readonly folder: string;
  readonly place?: AwsPlace;
  readonly clock?: Clock;
  /** Takes notifications for Lambda functions. Without it, buckets refuse notification configurations. */
  readonly deliver?: Deliver;
  /** What the disk has left; the file system's own figure unless told. */
  readonly freeBytes?: FreeBytes;
}

/** @throws Error when another process has the folder open */
export async function createS3(options: S3Options): Promise<S3> {
  const { folder, place = DEFAULT_PLACE, clock = systemClock, deliver } = options;
  await mkdir(folder, { recursive: true });
  const store = new Store(join(folder, 'index.sqlite'));
  // Real time and not the clock's: file names of two processes must differ though a test's clock stands still.
  const epoch = `${Date.now().toString(36)}${process.pid.toString(36)}${process.hrtime.bigint().toString(36)}`;
  const bodies = await BodyFolder.open(join(folder, 'bodies'), epoch, options.freeBytes);
  const notifier = new Notifier({ deliver, clock, place, forget: (id) => store.deleteDelivery(id) });
  const ground: Ground = { store, bodies, buckets: new Buckets(store, clock), notifier, clock, place };
  const named = store.namedFiles();
  // What cannot be swept now is swept at the next start.
  const sweeping = bodies.sweep((file) => named.has(file)).catch(() => {});
  notifier.dispatch(store.deliveries());
  const stopSweeping = startSweeping(ground);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    stopSweeping();
    await notifier.close();
    await sweeping;
    await bodies.settled();
    store.close();
  };
  return {
    name: 's3',
    operations: createOperations(ground),
    handle: createWireHandler(ground),
    ...inProcess(ground),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** The interface for other services in the same process. */
function inProcess(ground: Ground): Omit<S3, 'name' | 'operations' | 'handle' | 'close'> {
  return {
    async createBucket(bucket, settings = {}) {
      ground.buckets.create(bucket);
      applySettings(ground, bucket, settings);
    },
    async headObject(at) {
      return toInfo(objects.headObject(ground, at));
    },
    async getObject(at, range) {
      const { object, body } = objects.openObject(ground, at);
      const span = resolveRange(range, object.sizeBytes) ?? { first: 0, last: object.sizeBytes - 1 };
      const bytes = objects.readBody(ground, body, span);
      const stream = bytes instanceof Readable ? bytes : Readable.from([bytes], { objectMode: false });
      return { info: toInfo(object), body: stream };
    },
    async putObject(at, body, options = {}) {
      const source =
        typeof body === 'string' ? [Buffer.from(body)] : body instanceof Uint8Array ? [body] : bytesOf(body);
      const details = detailsOf(options);
      const conditions = options.onlyIfAbsent ? { ifNoneMatch: '*' } : {};
      return toInfo(await objects.putObject(ground, at, { incoming: { source }, details, conditions }));
    },
    async listObjects(query) {
      return listPage(ground, query);
    },
    async deleteObject(at) {
      objects.deleteObject(ground, at);
    },
  };
}

/** A stream made of text, such as `Readable.from(lines)`, gives strings. */
async function* bytesOf(body: Readable): AsyncGenerator<Uint8Array> {
  for await (const chunk of body as AsyncIterable<Uint8Array | string>)
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
}

function applySettings(ground: Ground, bucket: string, { notifications, expiration }: BucketSettings): void {
  if (notifications !== undefined) {
    if (notifications.length > 0 && !ground.notifier.delivers) throw deliversNothing();
    const document = notifications.length === 0 ? undefined : writeNotifications(notifications);
    ground.buckets.configure(bucket, 'notification', document);
  }
  if (expiration !== undefined) {
    const document = expiration.length === 0 ? undefined : writeLifecycle(expiration);
    ground.buckets.configure(bucket, 'lifecycle', document);
  }
}

function detailsOf({ contentType, metadata = {} }: PutOptions): objects.DetailsGiven {
  return {
    headers: { 'content-type': contentType ?? objects.DEFAULT_CONTENT_TYPE },
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
}

function listPage(ground: Ground, query: ListQuery): ListPage {
  const { bucket, prefix = '', delimiter = '', startAfter = '', continuationToken, maxKeys } = query;
  const after = continuationToken === undefined ? startAfter : decodeToken(continuationToken);
  if (after === undefined) throw invalidToken();
  const page = listObjects(ground, bucket, { prefix, delimiter, after, maxKeys: maxKeys ?? 1000 });
  return {
    objects: page.objects.map(toInfo),
    commonPrefixes: page.commonPrefixes,
    nextToken: page.next === undefined ? undefined : encodeToken(page.next),
  };
}

function toInfo(object: StoredObject): ObjectInfo {
  const { key, sizeBytes, etag, lastModifiedMs, details } = object;
  const contentType = details.headers['content-type'] ?? objects.DEFAULT_CONTENT_TYPE;
  return { key, sizeBytes, etag, lastModifiedMs, contentType, metadata: details.metadata };
}
