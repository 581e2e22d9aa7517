// One execution: what became of it, and its stages as a waterfall, a graph, a table and events; a stage or attempt
// that the address names is shown beside them.
import { lazy, Suspense } from 'react';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { type ExecutionRoute, executionHref } from '../route.ts';
import { plural } from '../ui/format.ts';
import { Problem, Reading } from '../ui/messages.tsx';
import { type Tab, Tabs } from '../ui/tabs.tsx';
import { replaceHash } from '../ui/use-media.ts';
import { useTitle } from '../ui/use-title.ts';
import { Batch } from './batch.tsx';
import { Events } from './events.tsx';
import { ExecutionHeader } from './execution-header.tsx';
import { LogLines } from './logs.tsx';
import { OwnPayloads } from './own-payloads.tsx';
import { StagePanel } from './stage-panel.tsx';
import { StageTable } from './stage-table.tsx';
import { Waterfall } from './waterfall.tsx';

const Graph = lazy(() => import('./graph.tsx'));

const FOLLOW_MS = 1500;

interface PageProps {
  readonly route: ExecutionRoute;
  /** The tab, of the address. */
  readonly view: string | null;
}

export function ExecutionPage({ route, view }: PageProps) {
  const { id, stage } = route;
  const { data, error, reload } = usePolled<ExecutionView>({
    key: id,
    read: (signal) => getJson(apiPath(['executions', id]), signal),
    every: (found) => (found?.status === 'RUNNING' ? FOLLOW_MS : undefined),
  });
  useTitle(data === undefined ? id : `${data.pipeline} ${data.status.toLowerCase()}`);
  if (data === undefined) {
    return (
      <div className="page">
        <h1 className="unseen">Execution {id}</h1>
        {error === undefined ? <Reading what="the execution" /> : <Problem error={error} onRetry={reload} />}
      </div>
    );
  }
  return (
    <div className={stage === undefined ? 'page fill' : 'page fill with-panel'}>
      <div className="page-main">
        <ExecutionHeader execution={data} onChanged={reload} />
        {error !== undefined && <Problem error={error} onRetry={reload} />}
        <Views execution={data} route={route} view={view} />
      </div>
      {stage !== undefined && <h1 className="unseen narrow-only">{data.pipeline}</h1>}
      {stage !== undefined && <StagePanel execution={data} address={stage} view={view} />}
    </div>
  );
}

interface ViewsProps {
  readonly execution: ExecutionView;
  readonly route: ExecutionRoute;
  readonly view: string | null;
}

function Views({ execution, route, view }: ViewsProps) {
  const tabs = tabsOf(execution);
  const chosen = tabs.find(({ id }) => id === view)?.id ?? tabs[0]!.id;
  return (
    <Tabs
      label="Ways to look at it"
      tabs={tabs}
      chosen={chosen}
      onChoose={(id) => replaceHash(executionHref(route.id, route.stage, id))}
    >
      <View chosen={chosen} {...{ execution, route, view }} />
    </Tabs>
  );
}

function View({ chosen, execution, route, view }: ViewsProps & { readonly chosen: string }) {
  const shared = { execution, chosen: route.stage, view };
  switch (chosen) {
    case 'graph':
      return (
        <Suspense fallback={<Reading what="the graph" />}>
          <Graph {...shared} />
        </Suspense>
      );
    case 'table':
      return <StageTable {...shared} />;
    case 'events':
      return <Events execution={execution} />;
    case 'payloads':
      return <OwnPayloads execution={execution} />;
    case 'logs':
      return (
        <section className="logs" aria-label="Logs">
          <LogLines execution={execution} isRunning={execution.status === 'RUNNING'} />
        </section>
      );
    case 'batch':
      return <Batch execution={execution} />;
    default:
      return <Waterfall {...shared} />;
  }
}

function tabsOf({ stages, graph, eventCount }: ExecutionView): Tab[] {
  const isBatch = stages.some(({ mapRun }) => mapRun !== undefined);
  return [
    { id: 'waterfall', title: 'Waterfall' },
    ...(graph === undefined ? [] : [{ id: 'graph', title: 'Graph' }]),
    ...(isBatch ? [{ id: 'batch', title: 'Map and batch' }] : []),
    { id: 'table', title: 'Table' },
    { id: 'events', title: plural(eventCount, 'event') },
    { id: 'payloads', title: 'Input and output' },
    { id: 'logs', title: 'Logs' },
  ];
}
