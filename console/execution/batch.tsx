// Map and batch runs: how far they are, what failed and why, the first failing records, and the children.
import type {
  ChildrenPage,
  ChildSummary,
  ErrorClass,
  FailingRecords,
  MapRunSummary,
} from '../../layers/seriatim/inspection/api.ts';
import type { Counts, ExecutionView, RecordCounts } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { JsonTree } from '../payload/json-tree.tsx';
import { executionHref } from '../route.ts';
import { countText, lengthText, percentText, plural, timeText, tookMs } from '../ui/format.ts';
import { type Column, Grid } from '../ui/grid.tsx';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';
import { StatusMark } from '../ui/status.tsx';
import { type BatchSize, shareDone } from './batch-size.ts';
import { RecordsText } from './execution-header.tsx';
import { useBatchSize } from './use-batch-size.ts';

const FOLLOW_MS = 1500;
const CHILDREN = 1000;
/** The stage of a batch whose items are its chunks. */
const CHUNKS = 'RunChunks';

export function Batch({ execution }: { readonly execution: ExecutionView }) {
  const { arn, status } = execution;
  const every = (): number | undefined => (status === 'RUNNING' ? FOLLOW_MS : undefined);
  const key = `${arn} ${status}`;
  const { data, error, reload } = usePolled<ChildrenPage>({
    key,
    read: (signal) => getJson(apiPath(['executions', arn, 'children'], { limit: CHILDREN }), signal),
    every,
  });
  const size = useBatchSize(execution);
  if (data === undefined) {
    return error === undefined ? <Reading what="the Map Runs" /> : <Problem error={error} onRetry={reload} />;
  }
  return (
    <div className="batch">
      {data.mapRuns.map((run) => (
        <MapRun
          key={run.arn}
          run={run}
          size={run.stage === CHUNKS ? size : undefined}
          records={run.stage === CHUNKS ? execution.records : undefined}
        />
      ))}
      {data.errors.length > 0 && (
        <ErrorClasses title="Why children failed" errors={data.errors} isOfChildren />
      )}
      <Records execution={execution} />
      <Children list={data.children} />
    </div>
  );
}

const COUNTS: readonly (readonly [name: keyof Counts, word: string])[] = [
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['timedOut', 'timed out'],
  ['aborted', 'aborted'],
  ['running', 'running'],
  ['pending', 'pending'],
];

interface MapRunProps {
  readonly run: MapRunSummary;
  /** Of the batch whose chunks are the items. */
  readonly size: BatchSize | undefined;
  /** What became of its records, once it has ended. */
  readonly records: RecordCounts | undefined;
}

function MapRun({ run, size, records }: MapRunProps) {
  const { stage, status, items, executions } = run;
  const share = shareDone(run, size);
  const noun = size === undefined ? 'item' : 'chunk';
  const label = share === undefined ? `${stage}: not known yet` : `${stage}: ${percentText(share)}`;
  return (
    <section className="map-run" aria-label={`Map Run ${stage}`}>
      <h2>
        {stage} <span className="quiet">{status.toLowerCase()}</span>
      </h2>
      <progress max={1} value={share} aria-label={label} />
      <p>
        {share === undefined
          ? `${plural(items.total, noun)} read so far`
          : `${percentText(share)} of ${plural(Math.max(items.total, size?.chunks ?? 0), noun)}`}
        : {countsText(items)}
      </p>
      <RecordsOf size={size} records={records} />
      <p className="quiet">
        {plural(executions.total, 'child execution')}: {countsText(executions)}
      </p>
    </section>
  );
}

/** Chunks go through though records of theirs fail, so what became of the records is said beside them. */
function RecordsOf({ size, records }: Pick<MapRunProps, 'size' | 'records'>) {
  const total = records?.total ?? size?.records;
  if (total === undefined) return null;
  return (
    <p>
      {plural(total, 'record')} in the input
      {records !== undefined && (
        <>
          : <RecordsText records={records} />
        </>
      )}
    </p>
  );
}

function countsText(counts: Counts): string {
  const parts = COUNTS.filter(([name]) => counts[name] > 0).map(
    ([name, word]) => `${countText(counts[name])} ${word}`,
  );
  return parts.length === 0 ? 'none yet' : parts.join(', ');
}

interface ErrorsProps {
  readonly title: string;
  readonly errors: readonly ErrorClass[];
  /** `first` are executions, not positions of records. */
  readonly isOfChildren?: boolean;
}

function ErrorClasses({ title, errors, isOfChildren = false }: ErrorsProps) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <table>
        <thead>
          <tr>
            <th>Error</th>
            <th>Stage</th>
            <th className="number">Count</th>
            <th>{isOfChildren ? 'First' : 'First positions'}</th>
          </tr>
        </thead>
        <tbody>
          {errors.map(({ code, stage, count, first }) => (
            <tr key={`${code} ${stage}`}>
              <td>{code}</td>
              <td>{stage ?? '–'}</td>
              <td className="number">{countText(count)}</td>
              <td>
                {isOfChildren
                  ? first.slice(0, 3).map((arn) => (
                      <a key={arn} className="in-line" href={executionHref(arn)}>
                        {arn.split(':').at(-1)!.slice(0, 13)}
                      </a>
                    ))
                  : first.join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Of the batch's error object; it is there once the batch has put its results together. */
function Records({ execution: { arn, status } }: { readonly execution: ExecutionView }) {
  const { data, error, reload } = usePolled<FailingRecords>({
    key: `${arn} ${status}`,
    read: (signal) => getJson(apiPath(['payloads', arn, 'records'], { limit: 20 }), signal),
  });
  if (error !== undefined) return <Problem error={error} onRetry={reload} />;
  if (data?.object === undefined || data.records.length === 0) return null;
  return (
    <>
      <ErrorClasses title="Why records failed" errors={data.errors} />
      <section aria-label="First failing records">
        <h2>First failing records</h2>
        <ol className="records">
          {data.records.map((record) => (
            <li key={JSON.stringify(record)}>
              <Record record={record} />
            </li>
          ))}
        </ol>
        <p className="quiet">
          All of them: <code>{data.object}</code>
        </p>
      </section>
    </>
  );
}

function Record({ record }: { readonly record: unknown }) {
  const { position, error } = record as { position?: number; error?: { code?: string; message?: string } };
  return (
    <details>
      <summary>
        Position {position ?? '?'}: <strong>{error?.code}</strong> {error?.message}
      </summary>
      <JsonTree value={record} />
    </details>
  );
}

function Children({ list }: { readonly list: readonly ChildSummary[] }) {
  if (list.length === 0) return <Nothing>No child execution yet.</Nothing>;
  return (
    <section aria-label="Child executions">
      <h2>{plural(list.length, 'child execution')}</h2>
      <Grid
        label="Child executions"
        columns={COLUMNS}
        rows={list}
        keyOf={({ arn }) => arn}
        hrefOf={({ arn }) => executionHref(arn)}
      />
    </section>
  );
}

const COLUMNS: readonly Column<ChildSummary>[] = [
  { id: 'id', title: 'Child', width: 'minmax(8rem, 1fr)', cell: ({ id }) => <code>{id}</code> },
  { id: 'status', title: 'Status', width: '8rem', cell: ({ status }) => <StatusMark status={status} /> },
  { id: 'error', title: 'Error', width: 'minmax(6rem, 1fr)', isWide: true, cell: ({ error }) => error?.code },
  { id: 'start', title: 'Started', width: '6rem', cell: ({ start }) => timeText(start) },
  {
    id: 'took',
    title: 'Took',
    width: '5rem',
    isNumber: true,
    isWide: true,
    cell: (one) => lengthText(tookMs(one)),
  },
];
