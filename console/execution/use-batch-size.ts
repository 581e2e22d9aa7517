// The size of a batch that is looked at, read once the stage that splits its input has counted it.
import type { RenderedPayload } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { renderedPath } from '../payload/address.ts';
import { type BatchSize, sizeIn } from './batch-size.ts';

const SPLIT = 'SplitInput';

/** `undefined` until it is counted, for what is no batch, and for one who may not read payloads. */
export function useBatchSize({ arn, stages }: ExecutionView): BatchSize | undefined {
  const split = stages.findLast(({ name, status }) => name === SPLIT && status === 'SUCCEEDED');
  const address = split && { name: split.name, visit: split.visit };
  const { data } = usePolled<BatchSize | undefined>({
    key: `${arn} ${split?.visit}`,
    read: async (signal) => {
      if (address === undefined) return undefined;
      return sizeIn(await getJson<RenderedPayload>(renderedPath({ arn, address, side: 'out' }), signal));
    },
  });
  return data;
}
