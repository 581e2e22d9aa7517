// What can be done with an execution: run it again, go on with one that failed, end one that runs. Each only where
// Step Functions can; what it refuses is told in its words.
import { useState } from 'react';
import type { OperationAnswer } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionStatus, ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, postJson } from '../api/client.ts';
import { RerunDialog } from './rerun-dialog.tsx';

interface ActionsProps {
  readonly execution: ExecutionView;
  readonly onChanged: () => void;
}

const REDRIVABLE: readonly ExecutionStatus[] = ['FAILED', 'TIMED_OUT', 'ABORTED'];

export function Actions({ execution, onChanged }: ActionsProps) {
  const { type, status } = execution;
  const [isAsking, setAsking] = useState(false);
  const [said, setSaid] = useState('');
  const order = async (operation: 'redrive' | 'stop'): Promise<void> => {
    setSaid('');
    try {
      await postJson<OperationAnswer>(apiPath(['executions', execution.arn, operation]), {});
      setSaid(operation === 'stop' ? 'It is being stopped.' : 'It goes on.');
      onChanged();
    } catch (thrown) {
      setSaid((thrown as Error).message);
    }
  };
  return (
    <div className="actions">
      <span role="status" className="quiet">
        {said}
      </span>
      {type === 'STANDARD' && status === 'RUNNING' && (
        <button type="button" onClick={() => order('stop')}>
          Stop
        </button>
      )}
      {type === 'STANDARD' && REDRIVABLE.includes(status) && (
        <button type="button" onClick={() => order('redrive')}>
          Redrive
        </button>
      )}
      <button type="button" onClick={() => setAsking(true)}>
        Run again …
      </button>
      {isAsking && <RerunDialog execution={execution} onClose={() => setAsking(false)} />}
    </div>
  );
}
