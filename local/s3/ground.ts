// What the operations of S3 stand on, made once by `createS3`.
import type { Clock } from '../clock.ts';
import type { AwsPlace } from '../service.ts';
import type { BodyFolder } from './body-folder.ts';
import type { Buckets } from './buckets.ts';
import type { Notifier, Occurrence } from './notifier.ts';
import type { Store, Written } from './store.ts';

export interface Ground {
  readonly store: Store;
  readonly bodies: BodyFolder;
  readonly buckets: Buckets;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly place: AwsPlace;
}

/** Does one change to the store with the notifications it gives rise to, and what must follow it. */
export function commit(
  ground: Ground,
  occurrence: Occurrence,
  change: (deliveries: ReturnType<Notifier['prepare']>) => Written,
): void {
  const { orphans, deliveries } = change(ground.notifier.prepare(occurrence));
  ground.bodies.remove(orphans);
  ground.notifier.dispatch(deliveries);
}
