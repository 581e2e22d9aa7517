// What a stage or an attempt called and met, as a list of facts.
import type { ReactNode } from 'react';
import type {
  AttemptView,
  ContainerMark,
  PolicyView,
  StageView,
} from '../../layers/seriatim/inspection/view.ts';
import { fullTimeText, lengthText } from '../ui/format.ts';
import { Cost } from './execution-header.tsx';

type Facts = readonly (readonly [name: string, value: ReactNode])[];

export function StageFacts({ stage }: { readonly stage: StageView }) {
  const { inference, cost, iterations, mapRun } = stage;
  return (
    <FactList
      facts={[
        ['Started', fullTimeText(stage.start)],
        ['Endpoint', inference?.endpoint],
        ['Variant', inference?.variants.join(', ')],
        ['Target models', listed(inference?.targetModels)],
        ['Checksums', listed(inference?.checksums)],
        ['Model cache', inference && cacheText(inference)],
        ['Largest batch', inference?.batch],
        ['Iterations', iterations],
        ['Map Run', mapRun?.status],
        ['Cost', cost && <Cost cost={cost} />],
      ]}
    />
  );
}

export function AttemptFacts({ attempt }: { readonly attempt: AttemptView }) {
  const { inference, policy, waitMs } = attempt;
  return (
    <>
      <FactList
        facts={[
          ['Started', fullTimeText(attempt.start)],
          ['Try', attempt.number],
          ['Iteration', attempt.iteration],
          ['State', attempt.state],
          ['Called', attempt.target],
          ['By', attempt.via === 'sagemaker' ? 'Step Functions itself' : attempt.via],
          ['Endpoint', inference?.endpoint],
          ['Variant', inference?.variant],
          ['Container', inference?.container],
          ['Target model', inference?.targetModel],
          ['Checksum', inference?.checksum && <code>{inference.checksum}</code>],
          ['Model cache', inference?.cache],
          ['Batch', inference?.batch],
          ['Wait after it', waitMs === undefined ? undefined : lengthText(waitMs)],
          ['Decided by', policy && policyText(policy)],
        ]}
      />
      {inference !== undefined && inference.marks.length > 1 && <Marks marks={inference.marks} />}
    </>
  );
}

function FactList({ facts }: { readonly facts: Facts }) {
  const known = facts.filter(([, value]) => value !== undefined && value !== '' && value !== false);
  return (
    <dl className="fact-list">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const MOST = 12;

function listed(values: readonly string[] | undefined): string | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const more = values.length > MOST ? ` and ${values.length - MOST} more` : '';
  return values.slice(0, MOST).join(', ') + more;
}

function cacheText({ cold, warm, evicted, pinned }: NonNullable<StageView['inference']>): string | undefined {
  const parts = [
    cold > 0 && `${cold} cold${evicted > 0 ? ` (${evicted} evicted before)` : ''}`,
    warm > 0 && `${warm} warm${pinned > 0 ? ` (${pinned} pinned)` : ''}`,
  ].filter(Boolean);
  return parts.length === 0 ? undefined : parts.join(', ');
}

export function policyText(policy: PolicyView): string {
  const { errorEquals, intervalSeconds, backoffRate, maxAttempts, waitSeconds, decision, jitter } = policy;
  const rule = `retry ${errorEquals.join(', ')} up to ${maxAttempts} times, after ${intervalSeconds} s × ${backoffRate}`;
  const outcome = decision === 'exhausted' ? 'no retry was left' : `so wait ${waitSeconds ?? '?'} s`;
  return `${rule}${jitter ? ', with jitter' : ''}: ${outcome}`;
}

function Marks({ marks }: { readonly marks: readonly ContainerMark[] }) {
  return (
    <table>
      <caption>What each container reported</caption>
      <thead>
        <tr>
          <th>Container</th>
          <th>Model</th>
          <th>Load</th>
          <th className="number">Queue</th>
          <th className="number">Compute</th>
        </tr>
      </thead>
      <tbody>
        {marks.map((mark, at) => (
          // Their order is that of the call.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <tr key={at}>
            <td>{mark.container ?? at + 1}</td>
            <td>{mark.model}</td>
            <td>{mark.load}</td>
            <td className="number">{lengthText(mark.queueMs)}</td>
            <td className="number">{lengthText(mark.computeMs)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
