// The states of a pipeline with `flow: 'record'`: each record goes through them by itself, the record's fields are the
// states' data, and a field that nothing later takes is left behind. The same for a request and within a batch's Map.
import type { ExitStage, Pipeline, Stage } from '../pipeline.ts';
import { expression, type State, type States } from './asl.ts';
import { parallelStates, splitStates, switchStates } from './compositions.ts';
import { fieldsIn, resolveFields } from './expressions.ts';
import { nestedStates } from './nested.ts';
import { neededBefore, softFields } from './record-fields.ts';
import {
  batchFields,
  comment,
  type Flow,
  fieldPath,
  joinStates,
  type Place,
  type RecordSetting,
} from './record-place.ts';
import { callStates } from './record-task.ts';
import { shadowStates } from './shadow.ts';
import { FAILED, failedState } from './stages.ts';

/** The state that every record ends in which takes no exit. */
const ANSWER = 'Answer';

/** All but the state that takes the record: its states' input is the record's value. */
export function recordStates(pipeline: Pipeline, setting: RecordSetting): Flow {
  const { suffix } = setting;
  const place: Place = {
    pipeline,
    setting,
    next: ANSWER + suffix,
    needed: new Set(Object.values(pipeline.answer ?? {}).flatMap(fieldsIn)),
    failTo: FAILED + suffix,
  };
  const { start, states } = sequenceStates(pipeline.stages, place);
  const ends = { [ANSWER + suffix]: answerState(pipeline.answer ?? {}, place), ...failure(setting) };
  return { start, states: joinStates(pipeline, states, ends) };
}

/** Stages one after the other, from the last to the first: each knows what follows and which fields that takes. */
export function sequenceStates(stages: readonly Stage[], place: Place): Flow {
  let { next, needed } = place;
  let states: States = {};
  for (const stage of [...stages].reverse()) {
    const flow = stageFlow(stage, { ...place, next, needed });
    states = joinStates(place.pipeline, flow.states, states);
    next = flow.start;
    needed = neededBefore(stage, needed);
  }
  return { start: next, states };
}

function stageFlow(stage: Stage, place: Place): Flow {
  switch (stage.kind) {
    case 'function':
    case 'inference':
    case 'payload':
      return callStates(stage, place);
    case 'nested':
      return nestedStates(stage, place);
    case 'exit':
      return exitStates(stage, place);
    case 'switch':
      return switchStates(stage, place, sequenceStates);
    case 'split':
      return splitStates(stage, place, sequenceStates);
    case 'parallel':
      return parallelStates(stage, place, sequenceStates);
    case 'shadow':
      return shadowStates(stage, place);
  }
}

/** A Choice, and the end that it leads to. */
function exitStates(stage: ExitStage, place: Place): Flow {
  const { suffix } = place.setting;
  const start = stage.name + suffix;
  if (stage.when === undefined)
    return { start, states: { [start]: { ...comment(stage), ...answerState(stage.answer, place) } } };
  const end = `${stage.name}Answer${suffix}`;
  const choice: State = {
    Type: 'Choice',
    ...comment(stage),
    Choices: [{ Condition: expression(resolveFields(stage.when, fieldPath)), Next: end }],
    Default: place.next,
  };
  return { start, states: { [start]: choice, [end]: answerState(stage.answer, place) } };
}

function answerState(answer: Readonly<Record<string, string>>, place: Place): State {
  const value = Object.fromEntries([
    ...batchFields(place).map((field) => [field, expression(fieldPath(field))]),
    ...Object.entries(answer).map(([field, text]) => [field, expression(answerField(text, place))]),
  ]);
  return { Type: 'Pass', Output: answerOutput(value, place), End: true };
}

/** What a soft branch left null has no members; a field that gives nothing would fail the state. */
function answerField(text: string, { pipeline }: Place): string {
  const resolved = resolveFields(text, fieldPath);
  const soft = softFields(pipeline);
  const isPlain = /^\{\w+\}$/.test(text);
  if (isPlain || !fieldsIn(text).some((field) => soft.has(field))) return resolved;
  return `($answer := ${resolved}; $exists($answer) ? $answer : null)`;
}

function answerOutput(value: unknown, { pipeline, setting }: Place): unknown {
  const record = { position: expression('$position'), value };
  if (setting.isBatch) return record;
  const included = { ...record, included: expression('$included') };
  const entered = expression('$entered');
  return pipeline.body === 'payload' ? { records: [included], entered } : { record: included, entered };
}

/** A failed record ends a request; in a batch it is kept, for `assemble-batch` to tell of. */
function failure({ isBatch, suffix }: RecordSetting): States {
  if (!isBatch) return { [FAILED]: failedState() };
  const Output = {
    position: expression('$position'),
    source: expression('$source'),
    stage: expression('$states.input.stage'),
    failure: expression('$states.input.failure'),
  };
  return { [FAILED + suffix]: { Type: 'Pass', Output, End: true } };
}
