// An execution's error in full, for who may read payloads: without that its message lacks what it quotes of an input.
import type { ErrorView, ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';

/** Of an execution of more stages the answer with payloads is large. */
const MOST_STAGES = 200;

export function useToldError({ arn, error, stages, status }: ExecutionView): ErrorView | undefined {
  const isQuoting = error?.message.includes('…') === true && stages.length <= MOST_STAGES;
  const { data } = usePolled<ErrorView | undefined>({
    key: `${arn} ${status} ${isQuoting}`,
    read: async (signal) =>
      isQuoting ? (await getJson<ExecutionView>(apiPath(['payloads', arn]), signal)).error : undefined,
  });
  return data ?? error;
}
