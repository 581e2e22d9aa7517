// The list of executions: filters, which are the page's address, and the rows, newest first, as they begin and end.
import { useRef, useState } from 'react';
import type { ExecutionSummary, FailureSummary } from '../../layers/seriatim/inspection/view.ts';
import { executionHref } from '../route.ts';
import { countText, fullTimeText, lengthText, plural, timeText, tookMs } from '../ui/format.ts';
import { type Column, Grid } from '../ui/grid.tsx';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';
import { StatusMark } from '../ui/status.tsx';
import { useTitle } from '../ui/use-title.ts';
import { FilterBar } from './filter-bar.tsx';
import { purposeOf } from './purpose.ts';
import { FILTERS, type Filters, useExecutions } from './use-executions.ts';

export function ListPage({ query }: { readonly query: URLSearchParams }) {
  useTitle('Executions');
  const filters: Filters = Object.fromEntries(
    FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name)!]] : [])),
  );
  const [isAtTop, setAtTop] = useState(true);
  const found = useExecutions(filters, isAtTop);
  const page = useRef<HTMLDivElement>(null);
  const showNewer = (): void => {
    found.showNewer();
    page.current?.querySelector('.grid-scroll')?.scrollTo({ top: 0 });
  };
  return (
    <div className="page fill" ref={page}>
      <div className="page-head">
        <h1>Executions</h1>
        <span className="quiet" role="status">
          {summary(found.list?.rows, found.list?.nextToken)}
        </span>
        {!isAtTop && found.newer > 0 && (
          <button type="button" onClick={showNewer}>
            ↑ {countText(found.newer)} newer
          </button>
        )}
      </div>
      <FilterBar filters={filters} />
      {found.error !== undefined && <Problem error={found.error} onRetry={found.reload} />}
      <Rows found={found} filters={filters} onTop={setAtTop} />
    </div>
  );
}

function summary(rows: readonly ExecutionSummary[] | undefined, nextToken: string | undefined): string {
  if (rows === undefined) return '';
  const running = rows.filter(({ status }) => status === 'RUNNING').length;
  const more = nextToken === undefined ? '' : ' and more';
  return `${countText(rows.length)}${more}${running === 0 ? '' : `, ${countText(running)} running`}`;
}

interface RowsProps {
  readonly found: ReturnType<typeof useExecutions>;
  readonly filters: Filters;
  readonly onTop: (isAtTop: boolean) => void;
}

function Rows({ found: { list, error, readMore }, filters, onTop }: RowsProps) {
  if (list === undefined) return error === undefined ? <Reading what="executions" /> : null;
  if (list.rows.length === 0) return <NoRows isFiltered={Object.keys(filters).length > 0} />;
  return (
    <Grid
      label="Executions"
      columns={COLUMNS}
      rows={list.rows}
      keyOf={({ arn }) => arn}
      hrefOf={({ id }) => executionHref(id)}
      total={list.nextToken === undefined ? undefined : 'unknown'}
      onEnd={readMore}
      onTop={onTop}
      phoneRowHeight={60}
    />
  );
}

function NoRows({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) return <Nothing>No execution of the last 14 days fits these filters.</Nothing>;
  return (
    <Nothing>
      Nothing has run yet. <a href="#/send">Send a request</a>, and it appears here.
    </Nothing>
  );
}

const COLUMNS: readonly Column<ExecutionSummary>[] = [
  { id: 'pipeline', title: 'Pipeline', width: 'minmax(9rem, 1.1fr)', cell: ({ pipeline }) => pipeline },
  {
    id: 'status',
    title: 'Status',
    width: 'minmax(7.5rem, .7fr)',
    cell: ({ status }) => <StatusMark status={status} />,
  },
  {
    id: 'error',
    title: 'Error',
    width: 'minmax(9rem, 1.6fr)',
    cell: ({ failure, records }) =>
      failure === undefined ? <FailedRecords records={records} /> : <Failure failure={failure} />,
  },
  {
    id: 'start',
    title: 'Started',
    width: '10rem',
    cell: ({ start }) => <time title={fullTimeText(start)}>{timeText(start)}</time>,
  },
  {
    id: 'length',
    title: 'Took',
    width: '6rem',
    isNumber: true,
    cell: (one) => lengthText(tookMs(one)),
  },
  { id: 'use', title: 'Use', width: '5.5rem', isWide: true, cell: ({ arn }) => purposeOf(arn) },
  { id: 'type', title: 'Type', width: '6rem', isWide: true, cell: ({ type }) => typeWord(type) },
  {
    id: 'id',
    title: 'Execution',
    width: 'minmax(9rem, 1.2fr)',
    isWide: true,
    cell: ({ id }) => <code title={id}>{id}</code>,
  },
];

function Failure({ failure: { code, stage } }: { readonly failure: FailureSummary }) {
  return (
    <span title={stage === undefined ? code : `${code} in ${stage}`}>
      {code}
      {stage !== undefined && <span className="quiet"> in {stage}</span>}
    </span>
  );
}

/** A batch that succeeded may have records that failed. */
function FailedRecords({ records }: Pick<ExecutionSummary, 'records'>) {
  if (records === undefined || records.failed === 0) return null;
  return (
    <span className="odd">
      {countText(records.failed)} of {plural(records.total, 'record')} failed
    </span>
  );
}

function typeWord(type: ExecutionSummary['type']): string {
  return type === 'EXPRESS' ? 'Express' : 'Standard';
}
