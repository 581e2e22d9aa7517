// That an expression of a pipeline with `flow: 'record'` is JSONata.
import jsonata from 'jsonata';
import { PipelineDefinitionError } from './errors.ts';
import { resolveFields } from './expressions.ts';

/** @throws PipelineDefinitionError with the parser's reason */
export function checkExpression(place: { pipeline: string; stage: string }, text: string): void {
  try {
    jsonata(resolveFields(text, (field) => `$states.input.${field}`));
  } catch (thrown) {
    const reason = (thrown as Error).message;
    throw new PipelineDefinitionError(place, 'JSONata with fields in braces', `${text} (${reason})`);
  }
}
