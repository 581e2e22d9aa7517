// How a pipeline fares: rate, errors, percentiles and cache hits of each stage, endpoint and container, in figures and over
// time. Read again every few seconds.
import { useMemo } from 'react';
import type {
  EndpointsAnswer,
  MetricPoint,
  MetricSeries,
  MetricsAnswer,
} from '../../layers/seriatim/inspection/api.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePipelines } from '../api/use-pipelines.ts';
import { usePolled } from '../api/use-polled.ts';
import { pathHref } from '../route.ts';
import { countText, lengthText, percentText } from '../ui/format.ts';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';
import { replaceHash } from '../ui/use-media.ts';
import { useTitle } from '../ui/use-title.ts';
import { type Line, Plot } from './plot.tsx';
import { type Aligned, alignSeries } from './series.ts';

const EVERY_MS = 5000;
const ENDPOINTS_EVERY_MS = 60_000;
const WINDOWS = ['15m', '1h', '6h', '24h', '7d'] as const;

interface MetricsProps {
  readonly asked: string | undefined;
  readonly since: string;
}

export default function MetricsPage({ asked, since }: MetricsProps) {
  useTitle('Metrics');
  const pipelines = usePipelines();
  const names = pipelines.data?.map(({ name }) => name) ?? [];
  const pipeline = asked ?? names[0];
  const go = (name: string, window: string): void =>
    replaceHash(pathHref(['metrics', name], new URLSearchParams({ since: window })));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Metrics</h1>
        <label>
          Pipeline{' '}
          <select value={pipeline ?? ''} onChange={(event) => go(event.target.value, since)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Window{' '}
          <select value={since} onChange={(event) => go(pipeline ?? '', event.target.value)}>
            {WINDOWS.map((window) => (
              <option key={window}>{window}</option>
            ))}
          </select>
        </label>
      </div>
      {pipelines.error !== undefined && <Problem error={pipelines.error} onRetry={pipelines.reload} />}
      {pipeline !== undefined && <Metrics pipeline={pipeline} since={since} />}
    </div>
  );
}

function Metrics({ pipeline, since }: { readonly pipeline: string; readonly since: string }) {
  const path = apiPath(['metrics'], { pipeline, since });
  const { data, error, reload } = usePolled<MetricsAnswer>({
    key: path,
    read: (signal) => getJson(path, signal),
    every: () => EVERY_MS,
  });
  const there = useEndpointNames();
  if (data === undefined) {
    return error === undefined ? <Reading what="metrics" /> : <Problem error={error} onRetry={reload} />;
  }
  const called = data.containers.filter(({ name }) => there === undefined || there.has(endpointOf(name)));
  const containers = called.filter(isContainer);
  const endpoints = called.filter((series) => !isContainer(series));
  if (data.executions === 0) return <Nothing>{pipeline} has not run in this window.</Nothing>;
  return (
    <>
      <p className="quiet">
        From {countText(data.executions)} executions{data.isSample && ', the newest: there were more'}.
      </p>
      <Totals title="Stages" series={data.stages} answer={data} />
      <Totals title="Endpoints" series={endpoints} answer={data} />
      <Totals title="Containers" series={containers} answer={data} />
      {[...data.stages, ...called].map((series) => (
        <Series key={`${series.kind} ${series.name}`} series={series} answer={data} />
      ))}
    </>
  );
}

/** A call names its endpoint, and a container of it where the response told which one worked. */
function isContainer({ name }: MetricSeries): boolean {
  return name.includes('/');
}

function endpointOf(name: string): string {
  return name.split('/', 1)[0]!;
}

/** Executions may have called endpoints that are no more, or never were; `undefined` until it is known. */
function useEndpointNames(): ReadonlySet<string> | undefined {
  const { data } = usePolled<EndpointsAnswer>({
    key: 'endpoints',
    read: (signal) => getJson('/endpoints', signal),
    every: () => ENDPOINTS_EVERY_MS,
  });
  return useMemo(() => data && new Set(data.endpoints.map(({ name }) => name)), [data]);
}

function kindOf(series: MetricSeries): string {
  return series.kind === 'container' && !isContainer(series) ? 'endpoint' : series.kind;
}

interface TotalsProps {
  readonly title: string;
  readonly series: readonly MetricSeries[];
  readonly answer: MetricsAnswer;
}

function Totals({ title, series, answer }: TotalsProps) {
  if (series.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section className="scrolled" tabIndex={0} aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th>Name</th>
            <th>Kind</th>
            {['Calls', 'Rate', 'Errors', 'p50', 'p90', 'p99', 'Cache hits'].map((name) => (
              <th key={name} className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.map((one) => (
            <tr key={one.name}>
              <td>{one.name}</td>
              <td>{kindOf(one)}</td>
              {cells(one.total, answer).map(([column, text]) => (
                <td key={column} className="number">
                  {text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function cells(total: MetricPoint, { since, until }: MetricsAnswer): [string, string][] {
  const minutes = (Date.parse(until) - Date.parse(since)) / 60_000;
  const { count, errors, p50Ms, p90Ms, p99Ms, cacheHitRate } = total;
  return [
    ['calls', countText(count)],
    ['rate', `${Number((count / minutes).toPrecision(2))}/min`],
    ['errors', errors === 0 ? '0' : `${countText(errors)} (${percentText(errors / count)})`],
    ['p50', lengthText(p50Ms)],
    ['p90', lengthText(p90Ms)],
    ['p99', lengthText(p99Ms)],
    ['hits', percentText(cacheHitRate)],
  ];
}

function Series({ series, answer }: { readonly series: MetricSeries; readonly answer: MetricsAnswer }) {
  const aligned = useMemo(() => alignSeries(series, answer), [series, answer]);
  const window = [Date.parse(answer.since), Date.parse(answer.until)] as const;
  const shared = { times: aligned.times, window };
  const hasCache = aligned.hits.some((value) => value !== null);
  const place = isContainer(series) ? 'Container' : 'Endpoint';
  const title = series.kind === 'container' ? `${place} ${series.name}` : series.name;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <div className="plots">
        <Plot title="Calls and errors a minute" format={rateText} lines={rateLines(aligned)} {...shared} />
        <Plot title="Latency" format={lengthText} lines={latencyLines(aligned)} {...shared} />
        {hasCache && <Plot title="Cache hits" format={percentText} lines={hitLines(aligned)} {...shared} />}
      </div>
    </section>
  );
}

function rateText(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function rateLines({ rate, errors }: Aligned): readonly Line[] {
  return [
    { label: 'calls', values: rate, colour: '--accent' },
    { label: 'errors', values: errors, colour: '--bad', dash: [4, 3] },
  ];
}

function latencyLines({ p50, p90, p99 }: Aligned): readonly Line[] {
  return [
    { label: 'p50', values: p50, colour: '--accent', hasPoints: true },
    { label: 'p90', values: p90, colour: '--odd', dash: [6, 3], hasPoints: true },
    { label: 'p99', values: p99, colour: '--bad', dash: [2, 2], hasPoints: true },
  ];
}

function hitLines({ hits }: Aligned): readonly Line[] {
  return [{ label: 'hits', values: hits, colour: '--good', hasPoints: true }];
}
