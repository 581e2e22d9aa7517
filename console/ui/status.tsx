// A status as shape, word and colour: never by colour alone.
import type { ExecutionStatus, StageStatus } from '../../layers/seriatim/inspection/view.ts';

type Status = ExecutionStatus | StageStatus;

interface Look {
  readonly word: string;
  readonly tone: 'good' | 'bad' | 'busy' | 'odd' | 'off';
  /** A path in a box of 16 by 16. */
  readonly path: string;
}

const CROSS = 'M4 4l8 8M12 4l-8 8';
const SQUARE = 'M4.5 4.5h7v7h-7z';

const LOOKS: Readonly<Record<Status, Look>> = {
  SUCCEEDED: { word: 'Succeeded', tone: 'good', path: 'M3 8.5l3.5 3.5L13 4.5' },
  FAILED: { word: 'Failed', tone: 'bad', path: CROSS },
  TIMED_OUT: {
    word: 'Timed out',
    tone: 'bad',
    path: 'M8 4v4.5l3 2M8 1.8a6.2 6.2 0 1 1 0 12.4a6.2 6.2 0 0 1 0-12.4',
  },
  ABORTED: { word: 'Aborted', tone: 'odd', path: SQUARE },
  RUNNING: { word: 'Running', tone: 'busy', path: 'M5 3.5l7 4.5l-7 4.5z' },
  PENDING_REDRIVE: {
    word: 'To be redriven',
    tone: 'odd',
    path: 'M12.5 8a4.5 4.5 0 1 1-1.5-3.4M11.5 1.8v3h-3',
  },
  UNKNOWN: { word: 'Unknown', tone: 'off', path: 'M5.8 5.8a2.3 2.3 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M8 12.4v.2' },
};

export const STATUS_WORDS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(LOOKS).map(([status, { word }]) => [status, word]),
);

export function StatusMark({ status, note }: { readonly status: Status; readonly note?: string }) {
  const { word, tone } = LOOKS[status];
  return (
    <span className={`status ${tone}`}>
      <StatusIcon status={status} />
      <span className="status-word">
        {word}
        {note}
      </span>
    </span>
  );
}

/** Only the shape, for where the word stands beside it or in a label. */
export function StatusIcon({ status }: { readonly status: Status }) {
  const { path, tone } = LOOKS[status];
  return (
    <svg className={`icon ${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export function toneOf(status: Status): string {
  return LOOKS[status].tone;
}
