// The stages over time: a bar each, from where it began to where it ended, made of the parts its time went into.
import { type CSSProperties, useMemo } from 'react';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { executionHref, type StageAddress } from '../route.ts';
import { lengthText } from '../ui/format.ts';
import { type Column, Grid } from '../ui/grid.tsx';
import { Nothing } from '../ui/messages.tsx';
import { STATUS_WORDS, StatusIcon } from '../ui/status.tsx';
import { type WaterfallRow, waterfallOf } from './rows.ts';
import { PARTS, SplitBar, SplitLegend } from './time-split.tsx';

export interface StagesProps {
  readonly execution: ExecutionView;
  readonly chosen: StageAddress | undefined;
  readonly view: string | null;
}

export function Waterfall({ execution, chosen, view }: StagesProps) {
  const { rows, startMs, totalMs } = useMemo(() => waterfallOf(execution, Date.now()), [execution]);
  const columns = useMemo(() => columnsOf(startMs, totalMs), [startMs, totalMs]);
  const parts = new Set(
    rows.flatMap(({ time }) => PARTS.flatMap(([part]) => ((time?.[part] ?? 0) > 0 ? [part] : []))),
  );
  if (rows.length === 0) return <Nothing>No stage was entered.</Nothing>;
  return (
    <>
      <SplitLegend parts={parts} />
      <Grid
        label="Stages over time"
        columns={columns}
        rows={rows}
        keyOf={({ key }) => key}
        hrefOf={({ address }) => executionHref(execution.id, address, view)}
        chosenKey={chosen && keyOf(chosen)}
        phoneRowHeight={48}
      />
    </>
  );
}

function keyOf({ name, visit, attempt }: StageAddress): string {
  return attempt === undefined ? `${name} ${visit}` : `${name} ${visit} ${attempt}`;
}

function columnsOf(startMs: number, totalMs: number): readonly Column<WaterfallRow>[] {
  return [
    { id: 'stage', title: 'Stage', width: 'minmax(9rem, 16rem)', cell: (row) => <Title row={row} /> },
    {
      id: 'took',
      title: 'Took',
      width: '5.5rem',
      isNumber: true,
      cell: ({ durationMs }) => lengthText(durationMs),
    },
    {
      id: 'bar',
      title: <Scale totalMs={totalMs} />,
      width: 'minmax(8rem, 1fr)',
      cell: (row) => <Bar row={row} startMs={startMs} totalMs={totalMs} />,
    },
    {
      id: 'note',
      title: 'Met',
      width: 'minmax(6rem, .4fr)',
      isWide: true,
      cell: ({ note }) => <span title={note}>{note}</span>,
    },
  ];
}

function Title({ row: { status, title, isAttempt } }: { readonly row: WaterfallRow }) {
  return (
    <span className={isAttempt ? 'row-title attempt' : 'row-title'}>
      <StatusIcon status={status} />
      <span className="unseen">{STATUS_WORDS[status]}: </span>
      {title}
    </span>
  );
}

function Scale({ totalMs }: { readonly totalMs: number }) {
  return (
    <span className="scale">
      <span>0</span>
      <span>{lengthText(totalMs / 2)}</span>
      <span>{lengthText(totalMs)}</span>
    </span>
  );
}

interface BarProps {
  readonly row: WaterfallRow;
  readonly startMs: number;
  readonly totalMs: number;
}

function Bar({ row, startMs, totalMs }: BarProps) {
  const from = Math.max(0, Math.min(1, (row.startMs - startMs) / totalMs));
  const share = Math.max(0, Math.min(1 - from, (row.endMs - row.startMs) / totalMs));
  const style: CSSProperties = { left: `min(${from * 100}%, 100% - 3px)`, width: `${share * 100}%` };
  const isSplit = row.time !== undefined && row.time.totalMs > 0;
  const tone = row.status === 'SUCCEEDED' ? 'good' : row.status === 'RUNNING' ? 'busy' : 'bad';
  return (
    <span className="track">
      <span className={`bar ${tone} ${row.isAttempt ? 'thin' : ''}`} style={style}>
        {isSplit ? <SplitBar time={row.time!} /> : <span className="part whole" />}
      </span>
    </span>
  );
}
