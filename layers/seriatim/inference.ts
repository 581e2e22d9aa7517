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
  const { stage, into } = answers;
  const isIncluded = include?.includes(stage) === true;
  const found = new Map<number, Inference | RecordError>();
  for (const group of answers.groups) collect(group, stage, found);
  return records.map((record) => {
    if (isFailed(record)) return record;
    const { position } = record;
    const value = record.value as Record<string, unknown>;
    const answer = found.get(position) ?? violation(stage, 'gave no prediction for this record');
    if ('code' in answer) return { position, error: { ...answer, record: record.source ?? value } };
    const given = into === undefined ? answer.prediction : answer;
    return {
      ...record,
      value: into === undefined ? given : { ...value, [into]: given },
      ...(isIncluded ? { included: { ...record.included, [stage]: given } } : {}),
    };
  });
}

function collect(group: GroupAnswer, stage: string, found: Map<number, Inference | RecordError>): void {
  const { positions, targetModel } = group;
  const predictions = group.failure === undefined ? predictionsOf(group, stage) : failureOf(group, stage);
  for (let i = 0; i < positions.length; i++) {
    const answer = Array.isArray(predictions)
      ? { prediction: predictions[i] as unknown, ...(targetModel === undefined ? {} : { targetModel }) }
      : predictions;
    found.set(positions[i]!, answer);
  }
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
