// The real-time machine of a pipeline: an Express execution with one state per stage. The first failing record ends it.
import type { Pipeline } from '../pipeline.ts';
import type { StateMachine, States } from './asl.ts';
import { pipelineStates } from './links.ts';
import { recordStates } from './record-flow.ts';

/** An HTTP API waits 30 s for its answer. */
const TIMEOUT_SECONDS = 28;

export function realTimeMachine(pipeline: Pipeline): StateMachine {
  return {
    Comment: pipeline.description,
    QueryLanguage: 'JSONata',
    StartAt: pipeline.stages[0]!.name,
    TimeoutSeconds: pipeline.timeoutSeconds ?? TIMEOUT_SECONDS,
    States: pipeline.flow === 'record' ? oneRecord(pipeline) : allRecords(pipeline),
  };
}

function allRecords(pipeline: Pipeline): States {
  return pipelineStates(pipeline, {
    onRecordError: 'fail',
    recordsAt: '$states.input.records',
    reportsTimes: true,
    suffix: '',
  });
}

function oneRecord(pipeline: Pipeline): States {
  const first = (field: string): string => `$states.input.records[0].value.${field}`;
  return recordStates(pipeline, { first, isBatch: false, suffix: '' });
}
