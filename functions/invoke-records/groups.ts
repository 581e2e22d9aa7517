// One group of records bound for one target model. A call that fails for what is in it is made once more, then in
// halves, down to the record at fault; what fails for the endpoint's own reasons fails the invocation, which Step
// Functions retries.
import {
  artefactsIn,
  callEndpoint,
  type EndpointAnswer,
  type Frame,
  type GroupHead,
  type ModelArtefact,
  type RecordError,
  SeriatimError,
} from '../../layers/seriatim/index.ts';

export interface InvokeTarget {
  readonly stage: string;
  readonly endpointName: string;
  readonly targetVariant?: string;
  readonly targetContainer?: string;
  /** Of one of several linked models: what it may answer, and whether it is told the target model. */
  readonly link?: { readonly accept: string; readonly isMultiModel: boolean };
}

export interface AnsweredHead extends GroupHead {
  readonly failure?: { readonly Error: string; readonly Cause: string };
  readonly variant?: string;
  /** What its containers said they had loaded. */
  readonly artefacts?: readonly ModelArtefact[];
  /** Of the body: JSON unless told. */
  readonly contentType?: string;
}

/** Halvings left to one invocation: a model that fails for every record must not be asked for each of them. */
export interface SplitBudget {
  left: number;
}

const HALVINGS = 64;

export function splitBudget(): SplitBudget {
  return { left: HALVINGS };
}

/** Failures that may be one record's doing. */
const FOR_A_RECORD = new Set<string>([
  'ModelFailed',
  'ModelOutOfMemory',
  'StageTimeout',
  'PayloadTooLarge',
  'InvalidPayload',
]);

/** @throws SeriatimError that says: try again later */
export async function invokeGroup(
  target: InvokeTarget,
  group: Frame<AnsweredHead>,
  budget: SplitBudget,
): Promise<Frame<AnsweredHead>[]> {
  // Failed at a linked model before this one.
  if (group.head.failure !== undefined) return [group];
  try {
    return [answered(group, await call(target, group))];
  } catch (thrown) {
    const error = asRecordError(thrown);
    if (!FOR_A_RECORD.has(error.code)) return [failed(group, error)];
    return splitGroup(target, group, { budget, error });
  }
}

async function splitGroup(
  target: InvokeTarget,
  group: Frame<AnsweredHead>,
  { budget, error }: { budget: SplitBudget; error: RecordError },
): Promise<Frame<AnsweredHead>[]> {
  const { positions } = group.head;
  if (positions.length === 1 || budget.left === 0) return [failed(group, error)];
  const list = listIn(group);
  if (list === undefined) return [failed(group, error)];
  budget.left--;
  const middle = positions.length >> 1;
  const halves = [
    part(group, list, { from: 0, to: middle }),
    part(group, list, { from: middle, to: positions.length }),
  ];
  const answers: Frame<AnsweredHead>[] = [];
  for (const half of halves) answers.push(...(await invokeGroup(target, half, budget)));
  return answers;
}

/** The records in a body: of a first model `instances`, of a linked one the `predictions` before it. */
interface BodyList {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Undefined for a body that cannot be divided. */
function listIn({ head, body }: Frame<AnsweredHead>): BodyList | undefined {
  if (head.contentType !== undefined && !head.contentType.startsWith('application/json')) return undefined;
  const parsed = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>;
  const found = Object.entries(parsed).find(
    ([, values]) => Array.isArray(values) && values.length === head.positions.length,
  );
  return found === undefined ? undefined : { name: found[0], values: found[1] as unknown[] };
}

function part(
  { head }: Frame<AnsweredHead>,
  { name, values }: BodyList,
  { from, to }: { from: number; to: number },
): Frame<AnsweredHead> {
  const body = Buffer.from(JSON.stringify({ [name]: values.slice(from, to) }));
  return { head: { ...head, positions: head.positions.slice(from, to) }, body };
}

/** Once more when the model's server failed: it may have been its moment's fault. */
async function call(target: InvokeTarget, group: Frame<AnsweredHead>): Promise<EndpointAnswer> {
  try {
    return await callOnce(target, group);
  } catch (thrown) {
    if (!(thrown instanceof SeriatimError) || (thrown.modelStatus ?? 0) < 500) throw thrown;
    return callOnce(target, group);
  }
}

function callOnce(
  { stage, endpointName, targetVariant, targetContainer, link }: InvokeTarget,
  { head, body }: Frame<AnsweredHead>,
): Promise<EndpointAnswer> {
  const targetModel = link?.isMultiModel === false ? undefined : head.targetModel;
  return callEndpoint({
    stage,
    endpointName,
    payload: { body, contentType: head.contentType ?? 'application/json' },
    accept: link?.accept ?? 'application/json',
    ...(targetModel === undefined ? {} : { targetModel }),
    ...(targetVariant === undefined ? {} : { targetVariant }),
    ...(targetContainer === undefined ? {} : { targetContainerHostname: targetContainer }),
  });
}

function answered({ head }: Frame<AnsweredHead>, answer: EndpointAnswer): Frame<AnsweredHead> {
  const variant = answer.invokedProductionVariant;
  const contentType = answer.contentType;
  const artefacts = artefactsIn(answer.customAttributes);
  return {
    head: {
      ...head,
      contentType,
      ...(variant === undefined ? {} : { variant }),
      ...(artefacts.length === 0 ? {} : { artefacts }),
    },
    body: answer.body,
  };
}

function failed({ head }: Frame<AnsweredHead>, { code, message }: RecordError): Frame<AnsweredHead> {
  return { head: { ...head, failure: { Error: code, Cause: message } }, body: new Uint8Array() };
}

/** Overload and absence of the endpoint are nothing that a record did. */
const FOR_THE_ENDPOINT = new Set<string>(['EndpointThrottled', 'EndpointUnavailable', 'ModelLoading']);

function asRecordError(thrown: unknown): RecordError {
  if (!(thrown instanceof SeriatimError) || FOR_THE_ENDPOINT.has(thrown.code)) throw thrown;
  return { stage: thrown.stage ?? '', code: thrown.code, message: thrown.message };
}
