// Instances of a serverless variant: none more than there are calls, each takes one call at a time, and one that has
// been idle for long ends. A call that finds no idle one starts another, up to MaxConcurrency.
// https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
import { AwsError } from '../../wire/errors.ts';
import { modelNotReady } from '../runtime/errors.ts';
import type { HostContext } from './host-context.ts';
import type { Instance } from './instance.ts';
import type { Variant } from './variant.ts';

export class OnDemandInstances {
  readonly #variant: Variant;
  readonly #context: HostContext;
  readonly #lastUsedMs = new Map<Instance, number>();
  #starting = 0;
  #cancelSweep: (() => void) | undefined;

  constructor(variant: Variant, context: HostContext) {
    this.#variant = variant;
    this.#context = context;
  }

  /**
   * An instance for one call, entered; `release` it afterwards.
   * @throws AwsError ThrottlingException when MaxConcurrency calls are under way, ModelNotReadyException when the
   * instance takes too long to start; it then serves a later call
   */
  acquire(): Instance | Promise<Instance> {
    const idle = this.#variant.instances.find((instance) => instance.isHealthy && instance.outstanding === 0);
    if (idle !== undefined) {
      idle.enter();
      return idle;
    }
    const { maxConcurrency } = this.#variant.plan.serverless!;
    if (this.#variant.instances.length + this.#starting >= maxConcurrency)
      throw new AwsError('ThrottlingException', 'Rate exceeded', { statusCode: 429 });
    return this.#startOne();
  }

  release(instance: Instance): void {
    instance.leave();
    this.#lastUsedMs.set(instance, this.#context.clock.now());
    this.#cancelSweep ??= this.#context.clock.schedule(this.#context.settings.serverlessIdleMs, this.#sweep);
  }

  close(): void {
    this.#cancelSweep?.();
  }

  #startOne(): Promise<Instance> {
    const { clock, settings } = this.#context;
    const startMs = performance.now();
    this.#starting += 1;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const cancel = clock.schedule(settings.modelLoadWaitMs, () => {
        isLate = true;
        reject(modelNotReady());
      });
      const settle = (started: Instance): void => {
        this.#variant.metrics.modelSetupTime.add((performance.now() - startMs) * 1000);
        if (isLate) return;
        started.enter();
        resolve(started);
      };
      this.#variant
        .addInstance()
        .then(settle, reject)
        .finally(() => {
          cancel();
          this.#starting -= 1;
        });
    });
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined;
    const { clock, settings } = this.#context;
    const { provisionedConcurrency } = this.#variant.plan.serverless!;
    const longAgoMs = clock.now() - settings.serverlessIdleMs;
    for (const instance of this.#variant.instances.slice(provisionedConcurrency)) {
      if (instance.outstanding > 0 || (this.#lastUsedMs.get(instance) ?? 0) > longAgoMs) continue;
      this.#lastUsedMs.delete(instance);
      this.#variant.removeInstance(instance);
    }
    if (this.#variant.instances.length > provisionedConcurrency)
      this.#cancelSweep = clock.schedule(settings.serverlessIdleMs, this.#sweep);
  };
}
