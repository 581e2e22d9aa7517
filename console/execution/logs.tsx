// The log lines that an execution, a stage or an attempt wrote: of the functions it called and of the endpoints, read
// when asked for.
import { useState } from 'react';
import type { LogsAnswer } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import type { StageAddress } from '../route.ts';
import { fullTimeText } from '../ui/format.ts';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';

interface LogsProps {
  readonly execution: ExecutionView;
  /** The whole execution unless told. */
  readonly address?: StageAddress;
  readonly isRunning: boolean;
}

const FOLLOW_MS = 2000;

export function Logs(props: LogsProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="logs" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>Logs</h3>
      </summary>
      {isOpen && <LogLines {...props} />}
    </details>
  );
}

export function LogLines({ execution: { arn }, address, isRunning }: LogsProps) {
  const { name: stage, visit, attempt } = address ?? {};
  const path = apiPath(['payloads', arn, 'logs'], { stage, visit, attempt });
  const { data, error, reload } = usePolled<LogsAnswer>({
    key: path,
    read: (signal) => getJson(path, signal),
    every: () => (isRunning ? FOLLOW_MS : undefined),
  });
  if (error !== undefined) return <Problem error={error} onRetry={reload} />;
  if (data === undefined) return <Reading what="log lines" />;
  if (data.lines.length === 0)
    return <Nothing>No log line of {data.groups.join(', ') || 'what it called'} is of that time.</Nothing>;
  return (
    <>
      <ol className="log-lines">
        {data.lines.map((line) => (
          <li key={`${line.time} ${line.group} ${line.id}`}>
            <time title={fullTimeText(line.time)}>{line.time.slice(11, 23)}</time> {line.message.trimEnd()}
          </li>
        ))}
      </ol>
      <p className="quiet">
        {data.groups.join(', ')}
        {data.isCut && '; the first lines only'}
        {data.isByTime && '. By time: lines of other requests of that moment may stand among them.'}
      </p>
    </>
  );
}
