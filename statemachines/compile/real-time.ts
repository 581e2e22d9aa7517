// The real-time machine of a pipeline: an Express execution with one state per stage. The first failing record ends it.
import type { Pipeline } from '../pipeline.ts';
import { expression, type State, type StateMachine, type States } from './asl.ts';
import { recordsAtOnce } from './concurrency.ts';
import { pipelineStates } from './links.ts';
import { recordStates } from './record-flow.ts';

/** An HTTP API waits 30 s for its answer. */
const TIMEOUT_SECONDS = 28;

/** Records of one request on their way at once. */
const RECORDS_AT_ONCE = 10;

export function realTimeMachine(pipeline: Pipeline): StateMachine {
  return {
    Comment: pipeline.description,
    QueryLanguage: 'JSONata',
    ...statesOf(pipeline),
  };
}

function statesOf(pipeline: Pipeline): Pick<StateMachine, 'StartAt' | 'TimeoutSeconds' | 'States'> {
  const TimeoutSeconds = pipeline.timeoutSeconds ?? TIMEOUT_SECONDS;
  if (pipeline.flow !== 'record')
    return { StartAt: pipeline.stages[0]!.name, TimeoutSeconds, States: allRecords(pipeline) };
  if (pipeline.body === 'payload')
    return { TimeoutSeconds, ...oneRecord(pipeline, '$states.input.records[0]') };
  return { StartAt: 'EachRecord', TimeoutSeconds, States: { EachRecord: eachRecord(pipeline) } };
}

function allRecords(pipeline: Pipeline): States {
  return pipelineStates(pipeline, {
    onRecordError: 'fail',
    recordsAt: '$states.input.records',
    isRequest: true,
    suffix: '',
  });
}

/** Each record takes its own way; their answers come in the records' order. */
function eachRecord(pipeline: Pipeline): State {
  return {
    Type: 'Map',
    Items: expression('$states.input.records'),
    MaxConcurrency: recordsAtOnce(pipeline, RECORDS_AT_ONCE),
    ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, ...oneRecord(pipeline, '$states.input') },
    Output: {
      records: expression('[$states.result.record]'),
      entered: expression('$states.result[0].entered'),
    },
    End: true,
  };
}

function oneRecord(pipeline: Pipeline, record: string): Pick<StateMachine, 'StartAt' | 'States'> {
  const { start, states } = recordStates(pipeline, { isBatch: false, suffix: '' });
  const take: State = {
    Type: 'Pass',
    Assign: { position: expression(`${record}.position`), entered: {}, included: {} },
    Output: expression(`${record}.value`),
    Next: start,
  };
  return { StartAt: 'TakeRecord', States: { TakeRecord: take, ...states } };
}
