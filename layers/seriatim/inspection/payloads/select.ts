// Which payload is meant: of the execution, of a stage (its last visit unless told), or of one attempt of it. Stages
// and attempts are named as the view names them, so links to them last.
import type { AttemptView, ExecutionView, StageView } from '../view.ts';

export interface PayloadAddress {
  readonly stage?: string;
  readonly visit?: number;
  readonly side: 'in' | 'out';
  /** The position in the stage's `attempts`, counted from 1. */
  readonly attempt?: number;
}

/** What the address names has no payload, or is not there. */
export class NoSuchPayload extends Error {}

/** @throws NoSuchPayload that says what there is instead */
export function selectPayload(view: ExecutionView, address: PayloadAddress): unknown {
  const owner = ownerOf(view, address);
  const value = address.side === 'in' ? owner.input : owner.output;
  if (value !== undefined) return value;
  const what = address.side === 'in' ? 'input' : 'output';
  throw new NoSuchPayload(`${nameOf(address)} has no ${what}: ${whyNot(owner)}`);
}

type Owner = Pick<ExecutionView | StageView | AttemptView, 'input' | 'output' | 'status'>;

function ownerOf(view: ExecutionView, { stage: name, visit, attempt }: PayloadAddress): Owner {
  if (name === undefined) return view;
  const visits = view.stages.filter((stage) => stage.name === name);
  const stage = visit === undefined ? visits.at(-1) : visits.find((each) => each.visit === visit);
  if (stage === undefined && visits.length === 0) {
    const inner = innerAttempt(view, { stage: name, visit, attempt });
    if (inner !== undefined) return inner;
  }
  if (stage === undefined) {
    const known = [...new Set([...view.stages.map((each) => each.name), ...innerStates(view)])].join(', ');
    throw new NoSuchPayload(
      visits.length === 0
        ? `There is no stage "${name}": there are ${known === '' ? 'none' : known}.`
        : `The stage "${name}" was entered ${visits.length} times.`,
    );
  }
  if (attempt === undefined) return stage;
  const found = stage.attempts[attempt - 1];
  if (found !== undefined) return found;
  throw new NoSuchPayload(`The stage "${name}" has ${stage.attempts.length} attempts.`);
}

/** A state inside a parallel stage or a Map shows by its attempts alone: the last one unless told. */
function innerAttempt(
  { stages }: ExecutionView,
  { stage, visit, attempt }: Omit<PayloadAddress, 'side'>,
): AttemptView | undefined {
  const found = stages.flatMap(({ attempts }) => attempts.filter(({ state }) => state === stage));
  return found.at((attempt ?? visit ?? 0) - 1);
}

function innerStates({ stages }: ExecutionView): string[] {
  return stages.flatMap(({ attempts }) => attempts.flatMap(({ state }) => state ?? []));
}

function nameOf({ stage, attempt }: PayloadAddress): string {
  if (stage === undefined) return 'The execution';
  return attempt === undefined ? `The stage "${stage}"` : `Attempt ${attempt} of the stage "${stage}"`;
}

function whyNot({ status }: Owner): string {
  if (status === 'RUNNING') return 'it is running.';
  return status === 'SUCCEEDED' ? 'it was not recorded.' : `it ended ${status}.`;
}
