// `GET /endpoints` and `GET /metrics`: what is loaded where, and how stages and containers fare. No payload is in them.
import type { EndpointsAnswer, MetricsAnswer } from '../api.ts';
import { containerSeries, stageSeries } from '../hosting/metrics.ts';
import type { Inspection } from '../inspection.ts';
import { redactStrings } from '../payloads/readings.ts';
import type { Redactor } from '../payloads/redact.ts';
import { jsonAnswer, type Routes } from './answers.ts';
import { readTime } from './list-query.ts';
import { checkPipeline } from './list-routes.ts';

export interface HostingContext {
  readonly inspection: Pick<Inspection, 'readRecent'>;
  readonly readEndpoints: () => Promise<EndpointsAnswer>;
  readonly pipelines: readonly string[];
  readonly redactor: Redactor;
  readonly now: () => number;
}

const WINDOW_MS = 3600_000;
const BUCKETS = 60;

export function hostingRoutes({
  inspection,
  readEndpoints,
  pipelines,
  redactor,
  now,
}: HostingContext): Routes {
  return {
    // The function behind it may read no definitions, so that any model's name may be made of a hidden field.
    'GET /endpoints': async () =>
      jsonAnswer(200, redactStrings(await readEndpoints(), redactor.ofDefinition(undefined))),
    'GET /metrics': async ({ query: { pipeline, since } }) => {
      if (pipeline === undefined) throw new RangeError(`pipeline must be one of ${pipelines.join(', ')}`);
      checkPipeline(pipeline, pipelines);
      const untilMs = now();
      const sinceMs = since === undefined ? untilMs - WINDOW_MS : readTime('since', since, untilMs);
      const { views, isSample } = await inspection.readRecent(pipeline, sinceMs);
      const bucketMs = Math.max(1000, Math.ceil((untilMs - sinceMs) / BUCKETS / 1000) * 1000);
      return jsonAnswer(200, {
        pipeline,
        since: new Date(sinceMs).toISOString(),
        until: new Date(untilMs).toISOString(),
        bucketMs,
        executions: views.length,
        isSample,
        stages: stageSeries(views, bucketMs),
        containers: containerSeries(views, bucketMs),
      } satisfies MetricsAnswer);
    },
  };
}
