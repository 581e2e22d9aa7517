// What can be checked of a pipeline with `flow: 'record'` before anything runs: that each stage finds the fields that it
// takes, that expressions are JSONata, and that every end gives what the output's schema asks for.
import jsonata from 'jsonata';
import type { Pipeline, Stage } from '../pipeline.ts';
import { checkEndpoint, requireFields, schemaFields } from './check.ts';
import { PipelineDefinitionError } from './errors.ts';
import { fieldsIn, resolveFields } from './expressions.ts';
import { fieldsGiven, fieldsTaken } from './record-fields.ts';

/** @throws PipelineDefinitionError for the first thing that is wrong */
export function checkRecordFlow(pipeline: Pipeline): void {
  let fields: ReadonlySet<string> = new Set(schemaFields(pipeline.input) ?? []);
  for (const stage of pipeline.stages) {
    const place = { pipeline: pipeline.name, stage: stage.name };
    requireFields(place, fieldsTaken(stage), fields);
    checkStage(pipeline, stage);
    fields = new Set([...(stage.kind === 'function' ? [] : fields), ...fieldsGiven(stage)]);
  }
  const { answer } = pipeline;
  const place = { pipeline: pipeline.name, stage: 'the answer' };
  if (answer === undefined)
    throw new PipelineDefinitionError(place, 'the fields of the output record', 'none');
  requireFields(place, Object.values(answer).flatMap(fieldsIn), fields);
  checkAnswer(pipeline, 'the answer', answer);
}

function checkStage(pipeline: Pipeline, stage: Stage): void {
  const place = { pipeline: pipeline.name, stage: stage.name };
  if (stage.kind === 'exit') {
    checkExpression(place, stage.when);
    checkAnswer(pipeline, stage.name, stage.answer);
  }
  if (stage.kind === 'inference' || stage.kind === 'payload') checkEndpoint(place, stage);
  if (stage.kind !== 'inference') return;
  if (stage.instance === undefined || stage.into === undefined)
    throw new PipelineDefinitionError(place, '"instance" and "into"', 'one of them or neither');
  checkExpression(place, stage.instance);
}

function checkAnswer(pipeline: Pipeline, stage: string, answer: Readonly<Record<string, string>>): void {
  const place = { pipeline: pipeline.name, stage };
  for (const text of Object.values(answer)) checkExpression(place, text);
  const missing = (schemaFields(pipeline.output) ?? []).filter((field) => !Object.hasOwn(answer, field));
  if (missing.length === 0) return;
  const found = Object.keys(answer).join(', ') || 'none';
  throw new PipelineDefinitionError(place, `an answer with ${missing.join(', ')}`, found);
}

function checkExpression(place: { pipeline: string; stage: string }, text: string): void {
  try {
    jsonata(resolveFields(text, (field) => `$states.input.${field}`));
  } catch (thrown) {
    const reason = (thrown as Error).message;
    throw new PipelineDefinitionError(place, 'JSONata with fields in braces', `${text} (${reason})`);
  }
}
