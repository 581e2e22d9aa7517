// Whether what a pipeline is about to answer with is what its output schema promises. What gave it, a model or an
// expression, no type checker has seen, so every answer is held to the schema before it goes out.
import type { GenericSchema } from 'valibot';
import { ContractViolation } from './errors.ts';
import { checkValue } from './payload.ts';

export interface AnswerPlace {
  /** The stage that gave the answer; `Answer` where an expression put it together. */
  readonly stage: string | undefined;
  /** How the caller finds the record: `instances[3]`; empty for a single one. */
  readonly path: () => string;
}

/**
 * Fields beyond the schema's pass as they are.
 * @param schema undefined for a pipeline whose entry tells of none
 * @throws ContractViolation naming the stage and the first field that does not fit
 */
export function checkAnswer(schema: GenericSchema | undefined, value: unknown, place: AnswerPlace): void {
  if (schema === undefined) return;
  const { stage = 'Answer', path } = place;
  try {
    checkValue(schema, value, { path });
  } catch (thrown) {
    const why = (thrown as Error).message;
    throw new ContractViolation(`What ${stage} gave does not fit the pipeline's output: ${why}`, { stage });
  }
}
