// Removes, now and then, what lifecycle rules have let expire: objects, with their notifications, and unfinished
// uploads. Reading already treats them as gone, so nothing depends on when it runs.

import type { Bucket } from './buckets.ts';
import { commit, type Ground } from './ground.ts';
import { isUploadOverdue } from './lifecycle-rules.ts';
import { isExpired } from './objects.ts';

const SWEEP_INTERVAL_MS = 3600 * 1000;
/** Keys looked at before other work has its turn. */
const KEYS_AT_ONCE = 1000;

/** Sweeps every hour of the clock until the returned function is called. */
export function startSweeping(ground: Ground): () => void {
  let cancel = (): void => {};
  let stopped = false;
  const arm = (): void => {
    cancel = ground.clock.schedule(SWEEP_INTERVAL_MS, () => {
      sweepAll(ground, () => stopped).then(() => {
        if (!stopped) arm();
      });
    });
  };
  arm();
  return () => {
    stopped = true;
    cancel();
  };
}

async function sweepAll(ground: Ground, isStopped: () => boolean): Promise<void> {
  for (const bucket of ground.buckets.all()) {
    if (isStopped()) return;
    if (bucket.lifecycle.length === 0) continue;
    sweepUploads(ground, bucket);
    let from: string | undefined = '';
    while (from !== undefined && !isStopped()) {
      from = sweepObjects(ground, bucket, from);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Returns where to go on, `undefined` at the end. */
function sweepObjects(ground: Ground, bucket: Bucket, from: string): string | undefined {
  const expired: string[] = [];
  let next: string | undefined;
  let looked = 0;
  for (const object of ground.store.objectsFrom(bucket.id, from)) {
    if (looked === KEYS_AT_ONCE) {
      next = object.key;
      break;
    }
    looked += 1;
    if (isExpired(ground, bucket, object)) expired.push(object.key);
  }
  for (const key of expired) {
    commit(ground, { event: 'LifecycleExpiration:Delete', bucket, key }, (deliveries) =>
      ground.store.deleteObject(bucket.id, key, deliveries),
    );
  }
  return next;
}

function sweepUploads(ground: Ground, bucket: Bucket): void {
  const nowMs = ground.clock.now();
  for (const upload of [...ground.store.uploads.inBucket(bucket.id)]) {
    if (isUploadOverdue(bucket.lifecycle, upload, nowMs)) {
      ground.bodies.remove(ground.store.uploads.delete(upload.uploadId));
    }
  }
}
