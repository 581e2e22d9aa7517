// What each stage of a pipeline with `flow: 'record'` takes of the record, and what it gives.
import type { Pipeline, Stage } from '../pipeline.ts';
import { fieldsIn } from './expressions.ts';

export function fieldsTaken(stage: Stage): string[] {
  switch (stage.kind) {
    case 'function':
      return [...(stage.takes ?? [])];
    case 'inference':
      return [...fieldsIn(stage.instance ?? ''), ...fieldsIn(stage.targetModel ?? '')];
    case 'payload':
      return [stage.payload];
    case 'exit':
      return [stage.when, ...Object.values(stage.answer)].flatMap(fieldsIn);
  }
}

/** They join the record; those of a function take the place of all it had. */
export function fieldsGiven(stage: Stage): string[] {
  switch (stage.kind) {
    case 'function':
      return [...stage.gives];
    case 'inference':
      return stage.into === undefined ? [] : [stage.into];
    case 'payload': {
      const { payload, prediction, attributes = {}, collected = {} } = stage.answer;
      const named = [...Object.keys(attributes), ...Object.keys(collected)];
      return [payload, prediction, ...named].filter((field) => field !== undefined);
    }
    case 'exit':
      return [];
  }
}

/** The fields that something after the stage takes: the others need not travel. */
export function fieldsNeededAfter({ stages, answer = {} }: Pipeline, index: number): Set<string> {
  const needed = new Set(Object.values(answer).flatMap(fieldsIn));
  for (const stage of stages.slice(index + 1).reverse()) {
    for (const field of fieldsGiven(stage)) needed.delete(field);
    for (const field of fieldsTaken(stage)) needed.add(field);
  }
  return needed;
}
