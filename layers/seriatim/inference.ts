// Putting the answers of an inference stage back into the records: `predictions[i]` of a group's answer belongs to the
// record at `positions[i]`. A group whose call failed (batch only) turns its records into error records.
import { ContractViolation } from './errors.ts';
import { caughtError } from './execution-errors.ts';
import {
  type GroupAnswer,
  type Inference,
  type InferenceAnswers,
  isFailed,
  type RecordEnvelope,
  type RecordError,
} from './records.ts';

/**
 * The records in their order, each with its inference under `answers.into`, or with its prediction as its value.
 * @param include the stages whose outputs the request asked for
 */
export function mergeAnswers(
  records: readonly RecordEnvelope[],
  answers: InferenceAnswers,
  include?: readonly string[],
): readonly RecordEnvelope[] {
  return records.map(answerMerger(answers, include));
}

/** As `mergeAnswers`, for one record at a time. */
export function answerMerger(
  answers: InferenceAnswers,
  include?: readonly string[],
): (record: RecordEnvelope) => RecordEnvelope {
  const { stage, into } = answers;
  const isIncluded = include?.includes(stage) === true;
  const find = answerFinder(answers);
  return (record) => {
    if (isFailed(record)) return record;
    const { position } = record;
    const value = record.value as Record<string, unknown>;
    const answer = find(position) ?? violation(stage, 'gave no prediction for this record');
    if ('code' in answer) return { position, error: { ...answer, record: record.source ?? value } };
    const given = into === undefined ? answer.prediction : answer;
    const merged = into === undefined ? given : { ...value, [into]: given };
    if (!isIncluded) return { ...record, value: merged };
    return { ...record, value: merged, included: { ...record.included, [stage]: given } };
  };
}

/** Where the answer for a position is: its group, and its place in it. */
interface Place {
  readonly group: number;
  readonly index: number;
}

function answerFinder({
  groups,
  stage,
}: InferenceAnswers): (position: number) => Inference | RecordError | undefined {
  const answers = groups.map((group) =>
    group.failure === undefined ? predictionsOf(group, stage) : failureOf(group, stage),
  );
  const placeOf = placeFinder(groups);
  return (position) => {
    const place = placeOf(position);
    if (place === undefined) return undefined;
    const found = answers[place.group]!;
    if (!Array.isArray(found)) return found;
    const prediction = found[place.index] as unknown;
    const { targetModel } = groups[place.group]!;
    return targetModel === undefined ? { prediction } : { prediction, targetModel };
  };
}

/** By position, in one list of numbers: there are thousands, and an object for each would outlive its use. */
function placeFinder(groups: readonly GroupAnswer[]): (position: number) => Place | undefined {
  const { first, last } = boundsOf(groups);
  const places = new Int32Array(2 * Math.max(0, last - first + 1));
  groups.forEach(({ positions }, group) => {
    for (let index = 0; index < positions.length; index++) {
      const at = 2 * (positions[index]! - first);
      places[at] = group + 1;
      places[at + 1] = index;
    }
  });
  return (position) => {
    const at = 2 * (position - first);
    const group = places[at];
    return group === undefined || group === 0 ? undefined : { group: group - 1, index: places[at + 1]! };
  };
}

/** Positions of one slice of a batch, or of one request, lie close together. */
function boundsOf(groups: readonly GroupAnswer[]): { readonly first: number; readonly last: number } {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { positions } of groups) {
    for (const position of positions) {
      if (position < first) first = position;
      if (position > last) last = position;
    }
  }
  return { first, last };
}

function failureOf({ failure }: GroupAnswer, stage: string): RecordError {
  const { code, message } = caughtError({ error: failure?.Error, message: failure?.Cause }, { stage });
  return { stage, code, message };
}

/** `predictions` of the body, which Step Functions hands over as text. */
function predictionsOf({ body, positions }: GroupAnswer, stage: string): unknown[] | RecordError {
  let parsed: unknown;
  try {
    parsed = typeof body === 'string' ? JSON.parse(body) : body;
  } catch {
    return violation(stage, 'answered something that is not JSON');
  }
  const predictions = (parsed as { predictions?: unknown } | null)?.predictions;
  if (!Array.isArray(predictions)) return violation(stage, 'answered without "predictions"');
  if (predictions.length === positions.length) return predictions;
  return violation(stage, `answered ${predictions.length} predictions for ${positions.length} records`);
}

function violation(stage: string, what: string): RecordError {
  const { code, message } = new ContractViolation(`The stage ${stage} ${what}.`);
  return { stage, code, message };
}
