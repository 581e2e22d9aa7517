// The endpoints: their variants and containers, which target models are in memory where, and cold loads and evictions
// over time.
import { useMemo, useState } from 'react';
import type {
  CacheEvent,
  ContainerView,
  EndpointsAnswer,
  EndpointView,
  VariantView,
} from '../../layers/seriatim/inspection/api.ts';
import { getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { Plot } from '../metrics/plot.tsx';
import { countText, fullTimeText, lengthText, plural, timeText } from '../ui/format.ts';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';
import { useTitle } from '../ui/use-title.ts';
import { countCacheEvents, countEvictions } from './cache-buckets.ts';

const EVERY_MS = 5000;

export default function EndpointsPage() {
  useTitle('Endpoints');
  const { data, error, reload } = usePolled<EndpointsAnswer>({
    key: 'endpoints',
    read: (signal) => getJson('/endpoints', signal),
    every: () => EVERY_MS,
  });
  return (
    <div className="page">
      <h1>Endpoints</h1>
      {error !== undefined && <Problem error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Reading what="endpoints" />}
      {data?.endpoints.length === 0 && <Nothing>There is no endpoint.</Nothing>}
      <div className="endpoints">
        {data?.endpoints.map((endpoint) => (
          <Endpoint key={endpoint.name} endpoint={endpoint} />
        ))}
      </div>
    </div>
  );
}

function Endpoint({ endpoint }: { readonly endpoint: EndpointView }) {
  const { name, status, failureReason, createdAt, variants, cacheEvents } = endpoint;
  const isOnDemand = variants.some(({ containers }) => containers.some(({ mode }) => mode === 'MultiModel'));
  return (
    <section className="card" aria-label={name}>
      <h2>{name}</h2>
      <p>
        <span className={`status ${status === 'InService' ? 'good' : 'odd'}`}>
          {status === 'InService' ? '✓ In service' : status}
        </span>{' '}
        <span className="quiet" title={fullTimeText(createdAt)}>
          since {timeText(createdAt)}
        </span>
      </p>
      {failureReason !== undefined && <p className="error-message">{failureReason}</p>}
      {variants.map((variant) => (
        <Variant key={variant.name} variant={variant} />
      ))}
      <CacheOverTime events={cacheEvents} isOnDemand={isOnDemand} isCut={endpoint.isCut === true} />
    </section>
  );
}

function Variant({ variant }: { readonly variant: VariantView }) {
  const { name, weight, instanceType, instances, containers } = variant;
  return (
    <div className="variant">
      <h3>
        {name}{' '}
        <span className="quiet">
          {[
            instances !== undefined && instancesText(instances, instanceType),
            weight !== undefined && `weight ${weight}`,
          ]
            .filter(Boolean)
            .join(', ')}
        </span>
      </h3>
      <ol className="containers">
        {containers.map((container) => (
          <li key={container.name}>
            <Container container={container} />
          </li>
        ))}
      </ol>
    </div>
  );
}

function instancesText(instances: number, type: string | undefined): string {
  return instances === 0 ? 'no instance runs' : `${instances} × ${type ?? 'instance'}`;
}

const FIRST = 12;

function Container({ container: { name, mode, modelData, loaded } }: { readonly container: ContainerView }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? loaded : loaded?.slice(0, FIRST);
  return (
    <>
      <strong>{name}</strong>{' '}
      <span className="quiet">{mode === 'MultiModel' ? 'multi-model' : 'one model'}</span>
      <div className="quiet path">{modelData}</div>
      {loaded !== undefined && (
        <div>
          {plural(loaded.length, 'model')} in memory
          <ul className="chips">
            {shown!.map((model) => (
              <li key={model}>{model}</li>
            ))}
          </ul>
          {!isAll && loaded.length > FIRST && (
            <button type="button" className="plain" onClick={() => setAll(true)}>
              all {loaded.length}
            </button>
          )}
        </div>
      )}
    </>
  );
}

interface CacheProps {
  /** There are more in the last day than were told. */
  readonly isCut: boolean;
  readonly events: readonly CacheEvent[];
  /** A container of it loads models when they are asked for. */
  readonly isOnDemand: boolean;
}

function CacheOverTime({ events, isOnDemand, isCut }: CacheProps) {
  const counted = useMemo(() => countCacheEvents(events, Date.now()), [events]);
  const lines = useMemo(
    () => [
      { label: 'cold loads', values: counted.loads, colour: '--accent', isBar: true },
      { label: 'evictions', values: counted.evictions, colour: '--odd', hasPoints: true, dash: [4, 3] },
    ],
    [counted],
  );
  if (events.length === 0) {
    if (isOnDemand) return <Nothing>No target model was loaded on demand in the last day.</Nothing>;
    return (
      <Nothing>
        Its models are loaded when their containers start, which is not counted here; the first call that a
        container answers after that is told as cold by its execution.
      </Nothing>
    );
  }
  const loads = events.filter(({ what }) => what === 'load').length;
  const evictions = countEvictions(events);
  return (
    <>
      <p>
        {plural(loads, 'cold load')}, {plural(evictions, 'eviction')}{' '}
        {isCut ? `since ${fullTimeText(events.at(-1)!.time)}: there were more` : 'in the last day'}
      </p>
      <Plot
        title={`Loads and evictions per ${lengthText(counted.bucketMs)}`}
        times={counted.times}
        lines={lines}
        format={countText}
        height={110}
      />
      <Newest events={events} />
    </>
  );
}

const NEWEST = 10;

function Newest({ events }: { readonly events: readonly CacheEvent[] }) {
  return (
    <details>
      <summary>The newest {Math.min(NEWEST, events.length)}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="scrolled" tabIndex={0} aria-label="Newest loads and evictions">
        <table>
          <thead>
            <tr>
              <th>Time</th>
              <th>What</th>
              <th>Target model</th>
              <th className="number">Took</th>
              <th>Evicted for it</th>
            </tr>
          </thead>
          <tbody>
            {events.slice(0, NEWEST).map((event) => (
              <tr key={`${event.time} ${event.what} ${event.targetModel}`}>
                <td title={fullTimeText(event.time)}>{timeText(event.time)}</td>
                <td>{event.what === 'load' ? 'cold load' : 'eviction'}</td>
                <td>{event.targetModel}</td>
                <td className="number">{lengthText(event.totalMs)}</td>
                <td>{event.evicted?.join(', ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
