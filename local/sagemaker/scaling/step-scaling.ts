// Step scaling: by how much to change a count while an alarm rings, by how far the metric is past the alarm's
// threshold. https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html

export interface StepAdjustment {
  /** Distances from the threshold; absent bounds are infinite. */
  readonly MetricIntervalLowerBound?: number;
  readonly MetricIntervalUpperBound?: number;
  readonly ScalingAdjustment: number;
}

export interface StepPolicy {
  readonly adjustmentType: 'ChangeInCapacity' | 'PercentChangeInCapacity' | 'ExactCapacity';
  readonly steps: readonly StepAdjustment[];
  /** Of a change in percent. */
  readonly minMagnitude: number;
  readonly cooldownMs: number;
}

export class StepScaler {
  readonly #policy: StepPolicy;
  /** The last change, and from what count it went. */
  #last: { readonly atMs: number; readonly from: number; readonly to: number } | undefined;

  constructor(policy: StepPolicy) {
    this.#policy = policy;
  }

  /**
   * The alarm rings.
   * @param distance the metric's value less the threshold
   * @returns how many there should be, the same number when nothing is to change
   */
  ring(distance: number, count: number, nowMs: number): number {
    const step = this.#policy.steps.find((one) => contains(one, distance));
    if (step === undefined) return count;
    const isCooling = this.#last !== undefined && nowMs - this.#last.atMs < this.#policy.cooldownMs;
    // While it cools down, what was added counts towards a larger step out; nothing is taken away.
    const from = isCooling ? this.#last!.from : count;
    const wanted = Math.max(0, adjusted(this.#policy, from, step.ScalingAdjustment));
    if (wanted === count || (isCooling && wanted < count)) return count;
    this.#last = { atMs: nowMs, from, to: wanted };
    return wanted;
  }
}

/** Above the threshold the lower bound belongs to the interval, below it the upper one. */
function contains(step: StepAdjustment, distance: number): boolean {
  const lower = step.MetricIntervalLowerBound ?? Number.NEGATIVE_INFINITY;
  const upper = step.MetricIntervalUpperBound ?? Number.POSITIVE_INFINITY;
  return distance >= 0 ? distance >= lower && distance < upper : distance > lower && distance <= upper;
}

function adjusted({ adjustmentType, minMagnitude }: StepPolicy, count: number, adjustment: number): number {
  if (adjustmentType === 'ExactCapacity') return adjustment;
  if (adjustmentType === 'ChangeInCapacity') return count + adjustment;
  const change = (count * adjustment) / 100;
  // Towards zero, but never to nothing.
  const whole = Math.abs(change) < 1 ? 1 : Math.floor(Math.abs(change));
  return count + Math.sign(change) * Math.max(whole, minMagnitude);
}
