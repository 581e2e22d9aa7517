// List prices in dollars, us-east-1, x86, November 2026 as far as the public price pages had them; the settings of a
// deployment (`COST_SETTINGS`) replace any of them. They estimate: tiers, free tiers, savings plans and other regions
// are left out.
import * as v from 'valibot';

export interface CostSettings {
  /** Memory of functions in MB, by name without prefix; `default` for all others. */
  readonly memoryMb: Readonly<Record<string, number>>;
  /** Instance type of endpoints, by name without prefix; `default` for all others. */
  readonly instanceTypes: Readonly<Record<string, string>>;
  readonly prices: Prices;
}

export interface Prices {
  /** https://aws.amazon.com/lambda/pricing/ */
  readonly lambdaGbSecond: number;
  readonly lambdaRequest: number;
  /** https://aws.amazon.com/step-functions/pricing/ */
  readonly standardTransition: number;
  readonly expressRequest: number;
  readonly expressGbSecond: number;
  /** Real-time inference: https://aws.amazon.com/sagemaker/ai/pricing/ */
  readonly instanceHour: Readonly<Record<string, number>>;
}

export const LIST_PRICES: Prices = {
  lambdaGbSecond: 0.0000166667,
  lambdaRequest: 0.0000002,
  standardTransition: 0.000025,
  expressRequest: 0.000001,
  expressGbSecond: 0.00001667,
  instanceHour: {
    'ml.t2.medium': 0.056,
    'ml.m5.large': 0.115,
    'ml.m5.xlarge': 0.23,
    'ml.m5.2xlarge': 0.461,
    'ml.c5.large': 0.102,
    'ml.c5.xlarge': 0.204,
    'ml.c5.2xlarge': 0.408,
    'ml.g4dn.xlarge': 0.736,
    'ml.g5.xlarge': 1.408,
  },
};

export const DEFAULT_COST_SETTINGS: CostSettings = {
  memoryMb: { default: 512 },
  instanceTypes: { default: 'ml.m5.large' },
  prices: LIST_PRICES,
};

const numbers = v.record(v.string(), v.number());
const schema = v.strictObject({
  memoryMb: v.optional(numbers, {}),
  instanceTypes: v.optional(v.record(v.string(), v.string()), {}),
  prices: v.optional(
    v.strictObject({
      lambdaGbSecond: v.optional(v.number()),
      lambdaRequest: v.optional(v.number()),
      standardTransition: v.optional(v.number()),
      expressRequest: v.optional(v.number()),
      expressGbSecond: v.optional(v.number()),
      instanceHour: v.optional(numbers),
    }),
    {},
  ),
});

/** @throws TypeError when the variable is not as described */
export function readCostSettings(variable: string | undefined): CostSettings {
  if (variable === undefined || variable === '') return DEFAULT_COST_SETTINGS;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), variable);
  if (!parsed.success) throw new TypeError(`COST_SETTINGS: ${v.summarize(parsed.issues)}`);
  const { memoryMb, instanceTypes, prices } = parsed.output;
  const given = Object.fromEntries(Object.entries(prices).filter(([, price]) => price !== undefined));
  const instanceHour = { ...LIST_PRICES.instanceHour, ...prices.instanceHour };
  return {
    memoryMb: { ...DEFAULT_COST_SETTINGS.memoryMb, ...memoryMb },
    instanceTypes: { ...DEFAULT_COST_SETTINGS.instanceTypes, ...instanceTypes },
    prices: { ...LIST_PRICES, ...given, instanceHour },
  };
}
