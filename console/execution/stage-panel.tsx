// A stage, or one attempt of it, beside the execution: what it called and met, where its time went, what went in and
// came out, its attempts and its log lines. Escape closes it and gives the focus back to where it was.
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { AttemptView, ExecutionView, StageView } from '../../layers/seriatim/inspection/view.ts';
import { Payloads } from '../payload/payloads.tsx';
import { executionHref, type StageAddress } from '../route.ts';
import { lengthText, tookMs } from '../ui/format.ts';
import { Nothing } from '../ui/messages.tsx';
import { StatusMark } from '../ui/status.tsx';
import { Attempts } from './attempts.tsx';
import { ErrorBox } from './execution-header.tsx';
import { Logs } from './logs.tsx';
import { AttemptFacts, StageFacts } from './stage-facts.tsx';
import { SplitTable } from './time-split.tsx';

interface PanelProps {
  readonly execution: ExecutionView;
  readonly address: StageAddress;
  readonly view: string | null;
}

export function StagePanel({ execution, address, view }: PanelProps) {
  const { name, visit, attempt: number } = address;
  const heading = usePanelFocus(`${name} ${visit} ${number ?? ''}`);
  const stage = execution.stages.find((one) => one.name === name && one.visit === visit);
  const attempt = number === undefined ? undefined : stage?.attempts[number - 1];
  const close = executionHref(execution.id, undefined, view);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') location.hash = close;
  };
  return (
    <aside className="panel" aria-label={`Stage ${name}`} onKeyDown={onKeyDown}>
      <div className="panel-head">
        <h2 ref={heading} tabIndex={-1}>
          {name}
          {visit > 1 && ` (${visit})`}
          {number !== undefined && `, attempt ${number}`}
        </h2>
        <Neighbours {...{ execution, stage, view }} />
        <a className="button" href={close} aria-label="Close the stage">
          ✕
        </a>
      </div>
      {stage === undefined && <Nothing>The stage {name} was not entered.</Nothing>}
      {stage !== undefined && number !== undefined && attempt === undefined && (
        <Nothing>
          There is no attempt {number}: {name} has {stage.attempts.length}.
        </Nothing>
      )}
      {stage !== undefined && number === undefined && <Stage {...{ execution, stage, address, view }} />}
      {stage !== undefined && attempt !== undefined && (
        <Attempt key={number} {...{ execution, stage, attempt, address, view }} />
      )}
    </aside>
  );
}

/** Moves the focus here when another stage is shown, and back when the panel goes. */
function usePanelFocus(key: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    before.current = document.activeElement;
    return () => (before.current as HTMLElement | null)?.focus?.({ preventScroll: true });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus follows what is shown
  useEffect(() => heading.current?.focus({ preventScroll: true }), [key]);
  return heading;
}

interface NeighboursProps {
  readonly execution: ExecutionView;
  readonly stage: StageView | undefined;
  readonly view: string | null;
}

function Neighbours({ execution: { id, stages }, stage, view }: NeighboursProps) {
  const at = stage === undefined ? -1 : stages.indexOf(stage);
  const link = (to: StageView | undefined, text: string, label: string) =>
    to !== undefined && (
      <a className="button" href={executionHref(id, to, view)} aria-label={`${label}: ${to.name}`}>
        {text}
      </a>
    );
  return (
    <>
      {link(stages[at - 1], '‹', 'Stage before')}
      {at >= 0 && link(stages[at + 1], '›', 'Stage after')}
    </>
  );
}

interface StageProps {
  readonly execution: ExecutionView;
  readonly stage: StageView;
  readonly address: StageAddress;
  readonly view: string | null;
}

function Stage({ execution, stage, address, view }: StageProps) {
  return (
    <>
      <p className="panel-status">
        <StatusMark status={stage.status} note={stage.caught ? ', caught' : ''} />
        <span>{lengthText(tookMs(stage))}</span>
        <span className="quiet">{stage.kind}</span>
      </p>
      {stage.error !== undefined && <ErrorBox error={stage.error} label={`Why ${stage.name} failed`} />}
      <StageFacts stage={stage} />
      {stage.time !== undefined && <SplitTable time={stage.time} />}
      <Payloads key={`${address.name} ${address.visit}`} execution={execution} address={address} of={stage} />
      <Attempts {...{ execution, stage, view }} />
      <Logs execution={execution} address={address} isRunning={stage.status === 'RUNNING'} />
    </>
  );
}

function Attempt({
  execution,
  stage,
  attempt,
  address,
  view,
}: StageProps & { readonly attempt: AttemptView }) {
  return (
    <>
      <p className="panel-status">
        <StatusMark status={attempt.status} />
        <span>{lengthText(tookMs(attempt))}</span>
        <a href={executionHref(execution.id, { name: stage.name, visit: stage.visit }, view)}>
          all of {stage.name}
        </a>
      </p>
      {attempt.error !== undefined && <ErrorBox error={attempt.error} label="Why the attempt failed" />}
      <AttemptFacts attempt={attempt} />
      {attempt.time !== undefined && <SplitTable time={attempt.time} />}
      <Payloads execution={execution} address={address} of={attempt} />
      <Logs execution={execution} address={address} isRunning={attempt.status === 'RUNNING'} />
    </>
  );
}
