// Dollars per million requests of one record: list prices (prices.ts) times what was counted here. Counts are measured;
// durations were measured on this machine and will differ on AWS, so every sum is an estimate. Pure.
import type { Measured } from './measure.ts';
import { PRICES } from './prices.ts';

export interface Cost {
  readonly httpApi: number;
  readonly lambda: number;
  readonly stepFunctions: number;
  readonly s3: number;
  /** The four above. */
  readonly perMillion: number;
  readonly endpoints: readonly EndpointCost[];
}

/** Endpoint hours while a million requests come at this rate. */
export interface EndpointCost {
  readonly requestsPerSecond: number;
  /** Of all endpoints together. */
  readonly instances: number;
  readonly perMillion: number;
  readonly total: number;
}

const MILLION = 1_000_000;
/** Of serverless.yml: the rim has 1 GB, stages half of it. */
const RIM_GB = 1;
const STAGE_GB = 0.5;
const EXPRESS_GB = 0.0625;

export function costOf(measured: Measured, endpoints: number, rates: readonly number[]): Cost {
  const httpApi = PRICES.httpApiRequest.usd * MILLION;
  const lambda = lambdaUsd(measured) * MILLION;
  const stepFunctions = expressUsd(measured) * MILLION;
  const { claimsWritten, claimsRead } = measured.travelled;
  const s3 = (claimsWritten * PRICES.s3Put.usd + claimsRead * PRICES.s3Get.usd) * MILLION;
  const perMillion = httpApi + lambda + stepFunctions + s3;
  return {
    httpApi,
    lambda,
    stepFunctions,
    s3,
    perMillion,
    endpoints: rates.map((rate) => endpointCost({ rate, endpoints, perMillion, measured })),
  };
}

/** The rim waits for the whole execution; each function stage for its own work. */
function lambdaUsd({ latency, stages, travelled }: Measured): number {
  const rim = (Math.ceil(latency.p50Ms) / 1000) * RIM_GB * PRICES.lambdaGbSecond.usd;
  const times = travelled.functions.map(({ stage, durationMs }) => stages[stage]?.p50Ms ?? durationMs);
  const work = times.reduce(
    (sum, ms) => sum + (Math.ceil(ms) / 1000) * STAGE_GB * PRICES.lambdaGbSecond.usd,
    0,
  );
  return rim + work + (1 + travelled.functions.length) * PRICES.lambdaRequest.usd;
}

/** An execution takes less than its request. */
function expressUsd({ latency }: Measured): number {
  const seconds = Math.max(1, Math.ceil(latency.p50Ms / 100)) / 10;
  return PRICES.expressRequest.usd + seconds * EXPRESS_GB * PRICES.expressGbSecond.usd;
}

interface Load {
  readonly rate: number;
  readonly endpoints: number;
  readonly perMillion: number;
  readonly measured: Measured;
}

/** As many instances as this machine would be needed; never fewer than one per endpoint. */
function endpointCost({ rate, endpoints, perMillion, measured }: Load): EndpointCost {
  const each = Math.max(1, Math.ceil(rate / measured.requestsPerSecond));
  const instances = endpoints * each;
  const hours = MILLION / rate / 3600;
  const hosting = instances * hours * PRICES.endpointHour.usd;
  return { requestsPerSecond: rate, instances, perMillion: hosting, total: perMillion + hosting };
}
