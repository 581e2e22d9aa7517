// The execution's own input and output.
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { Payloads } from '../payload/payloads.tsx';

export function OwnPayloads({ execution }: { readonly execution: ExecutionView }) {
  return (
    <div className="own-payloads">
      <Payloads execution={execution} of={execution} isWide />
    </div>
  );
}
