// A stage's attempts: each with its error, the wait before the next one, and the policy that decided it.
import { useState } from 'react';
import type { AttemptView, ExecutionView, StageView } from '../../layers/seriatim/inspection/view.ts';
import { executionHref } from '../route.ts';
import { lengthText, plural, tookMs } from '../ui/format.ts';
import { StatusMark } from '../ui/status.tsx';
import { policyText } from './stage-facts.tsx';

interface AttemptsProps {
  readonly execution: ExecutionView;
  readonly stage: StageView;
  readonly view: string | null;
}

const FIRST = 50;

export function Attempts({ execution, stage, view }: AttemptsProps) {
  const { name, visit, attempts } = stage;
  const [most, setMost] = useState(FIRST);
  if (attempts.length === 0) return null;
  return (
    <section aria-label="Attempts">
      <h3>{plural(attempts.length, 'attempt')}</h3>
      <ol className="attempts">
        {attempts.slice(0, most).map((attempt, at) => (
          // An attempt's place in the view is its name for good.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={at}>
            <Attempt
              attempt={attempt}
              href={executionHref(execution.id, { name, visit, attempt: at + 1 }, view)}
            />
          </li>
        ))}
      </ol>
      {attempts.length > most && (
        <button type="button" onClick={() => setMost(most + 10 * FIRST)}>
          {plural(attempts.length - most, 'more attempt')}
        </button>
      )}
    </section>
  );
}

function Attempt({ attempt, href }: { readonly attempt: AttemptView; readonly href: string }) {
  const { number, iteration, status, inference, target, error, waitMs, policy } = attempt;
  const called = [inference?.endpoint ?? target, inference?.targetModel, inference?.cache].filter(Boolean);
  return (
    <>
      <div className="attempt-head">
        <a href={href}>
          {iteration !== undefined && `Iteration ${iteration}, `}
          {iteration === undefined ? 'Attempt' : 'attempt'} {number}
        </a>
        <StatusMark status={status} />
        <span className="number">{lengthText(tookMs(attempt))}</span>
      </div>
      {called.length > 0 && <div className="quiet">{called.join(' · ')}</div>}
      {error !== undefined && (
        <div className="attempt-error">
          <strong>{error.code}</strong> {error.message}
        </div>
      )}
      {policy !== undefined && <div className="quiet">By its policy: {policyText(policy)}</div>}
      {waitMs !== undefined && <div className="quiet">Then waits {lengthText(waitMs)}</div>}
    </>
  );
}
