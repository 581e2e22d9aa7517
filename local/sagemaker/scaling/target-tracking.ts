// Target tracking: how many instances bring a metric back to its target, judged over periods and held back by
// cooldowns. https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html

export interface TrackingPolicy {
  readonly targetValue: number;
  readonly scaleInCooldownMs: number;
  readonly scaleOutCooldownMs: number;
  readonly isScaleInDisabled: boolean;
}

export interface TrackingRules {
  /** So many periods over the target in a row before instances are added. */
  readonly scaleOutPeriods: number;
  /** So many periods well under it before instances are taken away. */
  readonly scaleInPeriods: number;
}

/** Scaling in waits until the metric is below this part of the target. */
export const SCALE_IN_BELOW = 0.9;

export class TargetTracker {
  readonly #policy: TrackingPolicy;
  readonly #rules: TrackingRules;
  #over = 0;
  #under = 0;
  #lastOutMs = Number.NEGATIVE_INFINITY;
  #lastInMs = Number.NEGATIVE_INFINITY;

  constructor(policy: TrackingPolicy, rules: TrackingRules) {
    this.#policy = policy;
    this.#rules = rules;
  }

  /**
   * One period's value.
   * @returns how many instances there should be, the same number when nothing is to change
   */
  observe(perInstance: number, instances: number, nowMs: number): number {
    const { targetValue } = this.#policy;
    this.#over = perInstance > targetValue ? this.#over + 1 : 0;
    this.#under = perInstance < targetValue * SCALE_IN_BELOW ? this.#under + 1 : 0;
    const wanted = Math.max(1, Math.ceil((perInstance * instances) / targetValue - 1e-9));
    if (this.#over >= this.#rules.scaleOutPeriods && wanted > instances)
      return this.#out(wanted, instances, nowMs);
    if (this.#under >= this.#rules.scaleInPeriods && wanted < instances)
      return this.#in(wanted, instances, nowMs);
    return instances;
  }

  #out(wanted: number, instances: number, nowMs: number): number {
    if (nowMs - this.#lastOutMs < this.#policy.scaleOutCooldownMs) return instances;
    this.#lastOutMs = nowMs;
    this.#over = 0;
    return wanted;
  }

  #in(wanted: number, instances: number, nowMs: number): number {
    const lastMs = Math.max(this.#lastInMs, this.#lastOutMs);
    if (this.#policy.isScaleInDisabled || nowMs - lastMs < this.#policy.scaleInCooldownMs) return instances;
    this.#lastInMs = nowMs;
    this.#under = 0;
    return wanted;
  }
}
