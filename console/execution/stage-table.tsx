// The stages in figures: one row each.
import type { StageView } from '../../layers/seriatim/inspection/view.ts';
import { executionHref } from '../route.ts';
import { bytesText, dollarsText, lengthText, tookMs } from '../ui/format.ts';
import { type Column, Grid } from '../ui/grid.tsx';
import { Nothing } from '../ui/messages.tsx';
import { StatusMark } from '../ui/status.tsx';
import type { StagesProps } from './waterfall.tsx';

export function StageTable({ execution, chosen, view }: StagesProps) {
  if (execution.stages.length === 0) return <Nothing>No stage was entered.</Nothing>;
  return (
    <Grid
      label="Stages"
      columns={COLUMNS}
      rows={execution.stages}
      keyOf={({ name, visit }) => `${name} ${visit}`}
      hrefOf={({ name, visit }) => executionHref(execution.id, { name, visit }, view)}
      chosenKey={chosen && `${chosen.name} ${chosen.visit}`}
      minWidth="77.6rem"
      phoneRowHeight={32}
    />
  );
}

const COLUMNS: readonly Column<StageView>[] = [
  {
    id: 'stage',
    title: 'Stage',
    width: 'minmax(7rem, 1fr)',
    cell: ({ name, visit }) => (visit === 1 ? name : `${name} (${visit})`),
  },
  { id: 'kind', title: 'Kind', width: '5rem', cell: ({ kind }) => kind },
  { id: 'status', title: 'Status', width: '7.2rem', cell: ({ status }) => <StatusMark status={status} /> },
  number('took', 'Took', (stage) => lengthText(tookMs(stage))),
  number('network', 'Network', ({ time }) => lengthText(time?.networkMs)),
  number('queue', 'Queue', ({ time }) => lengthText(time?.queueMs)),
  number('load', 'Load', ({ time }) => lengthText(time?.loadMs)),
  number('compute', 'Compute', ({ time }) => lengthText(time?.computeMs)),
  number('attempts', 'Attempts', ({ attempts }) => String(attempts.length)),
  number('batch', 'Batch', ({ inference }) => String(inference?.batch ?? '–')),
  number('in', 'In', ({ inputBytes }) => bytesText(inputBytes)),
  number('out', 'Out', ({ outputBytes }) => bytesText(outputBytes)),
  { ...number('cost', 'Cost', ({ cost }) => dollarsText(cost?.dollars)), width: '6.7rem' },
  {
    id: 'models',
    title: 'Models',
    width: 'minmax(6rem, 1fr)',
    cell: ({ inference }) => (
      <span title={inference?.targetModels.join(', ')}>{inference?.targetModels.join(', ')}</span>
    ),
  },
];

function number(id: string, title: string, text: (stage: StageView) => string): Column<StageView> {
  return { id, title, width: '4.1rem', isNumber: true, cell: text };
}
