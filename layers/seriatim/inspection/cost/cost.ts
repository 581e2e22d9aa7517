// What an execution cost, with the formula of each part. Lambda: duration × memory, and the request. An endpoint: the
// time its containers worked for the call at the price of its instance. Step Functions: transitions of a Standard
// execution (counted, so measured), request and duration × memory of an Express one. Pure.
import type { AttemptView, CostPart, CostView, ExecutionType, StageView } from '../view.ts';
import type { CostSettings } from './prices.ts';

/** Express memory is billed in steps of 64 MB: https://aws.amazon.com/step-functions/pricing/ */
const EXPRESS_GB = 0.0625;
const EXPRESS_STEP_MS = 100;

/** `undefined` for a stage that calls nobody. */
export function stageCost(
  { attempts }: Pick<StageView, 'attempts'>,
  settings: CostSettings,
): CostView | undefined {
  const parts = attempts.flatMap((attempt) => [
    ...lambdaParts(attempt, settings),
    ...endpointParts(attempt, settings),
  ]);
  return parts.length === 0 ? undefined : costOf(mergeParts(parts));
}

export interface ExecutionFacts {
  readonly type: ExecutionType;
  readonly durationMs: number | undefined;
  /** States entered, those tried again counted again. */
  readonly transitions: number;
}

export function executionCost(
  stages: readonly Pick<StageView, 'cost' | 'mapRun'>[],
  facts: ExecutionFacts,
  settings: CostSettings,
): CostView {
  const own = facts.type === 'STANDARD' ? standardParts(facts, settings) : expressParts(facts, settings);
  const cost = costOf([...own, ...mergeParts(stages.flatMap((stage) => stage.cost?.parts ?? []))]);
  const hasChildren = stages.some((stage) => stage.mapRun !== undefined);
  return hasChildren ? { ...cost, without: 'its children and their endpoint time' } : cost;
}

function costOf(parts: readonly CostPart[]): CostView {
  const isMeasured = parts.every((part) => part.basis === 'measured');
  const dollars = parts.reduce((total, part) => total + part.dollars, 0);
  return { dollars, basis: isMeasured ? 'measured' : 'estimated', parts };
}

function lambdaParts({ target, durationMs, via }: Called, { memoryMb, prices }: CostSettings): CostPart[] {
  if (via !== 'lambda' || durationMs === undefined) return [];
  const name = shortName(target ?? '');
  const gb = round((memoryMb[name] ?? memoryMb.default ?? 512) / 1024);
  const seconds = durationMs / 1000;
  return [
    {
      what: `Lambda ${name}`,
      dollars: gb * seconds * prices.lambdaGbSecond + prices.lambdaRequest,
      basis: 'estimated',
      formula: `${gb} GB × ${seconds} s × $${plain(prices.lambdaGbSecond)} + $${plain(prices.lambdaRequest)} a request`,
    },
  ];
}

function endpointParts({ inference, time, durationMs }: Called, settings: CostSettings): CostPart[] {
  if (inference?.endpoint === undefined || durationMs === undefined) return [];
  const name = shortName(inference.endpoint);
  const instance = settings.instanceTypes[name] ?? settings.instanceTypes.default ?? '';
  const hour = settings.prices.instanceHour[instance];
  if (hour === undefined) return [];
  const worked = time === undefined ? durationMs : workedMs(time);
  const seconds = round(worked / 1000);
  return [
    {
      what: `endpoint ${name}`,
      dollars: (seconds / 3600) * hour,
      basis: 'estimated',
      formula: `${seconds} s${time === undefined ? ' (whole call)' : ' of work'} ÷ 3600 × $${hour} an hour (${instance})`,
    },
  ];
}

type Called = Pick<AttemptView, 'target' | 'durationMs' | 'inference' | 'time' | 'via'>;

/** A batch that several calls shared counts whole for each of them: a call's share of it is not reported. */
function workedMs({
  loadMs = 0,
  decodeMs = 0,
  computeMs = 0,
  encodeMs = 0,
}: NonNullable<Called['time']>): number {
  return loadMs + decodeMs + computeMs + encodeMs;
}

function standardParts({ transitions }: ExecutionFacts, { prices }: CostSettings): CostPart[] {
  const dollars = transitions * prices.standardTransition;
  const formula = `${transitions} transitions × $${plain(prices.standardTransition)}`;
  return [{ what: 'Step Functions', dollars, basis: 'measured', formula }];
}

function expressParts({ durationMs }: ExecutionFacts, { prices }: CostSettings): CostPart[] {
  const seconds = (Math.ceil((durationMs ?? 0) / EXPRESS_STEP_MS) * EXPRESS_STEP_MS) / 1000;
  const dollars = prices.expressRequest + seconds * EXPRESS_GB * prices.expressGbSecond;
  const formula = `$${plain(prices.expressRequest)} a request + ${seconds} s × ${EXPRESS_GB} GB × $${plain(prices.expressGbSecond)}`;
  return [{ what: 'Step Functions Express', dollars, basis: 'estimated', formula }];
}

/** Parts of one thing as one; several formulas become their number. */
function mergeParts(parts: readonly CostPart[]): CostPart[] {
  const byWhat = Map.groupBy(parts, (part) => part.what);
  return [...byWhat].map(([what, all]) => {
    if (all.length === 1) return all[0]!;
    const dollars = all.reduce((total, part) => total + part.dollars, 0);
    return {
      what,
      dollars,
      basis: all[0]!.basis,
      formula: `${all.length} calls, such as ${all[0]!.formula}`,
    };
  });
}

/** `seriatim-dev-preprocess-house` → `preprocess-house`. */
function shortName(name: string): string {
  return name.replace(/^seriatim-[^-]+-/, '');
}

function plain(dollars: number): string {
  return dollars.toFixed(12).replace(/0+$/, '');
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
