// A batch's child where records go through the stages one by one: its records are checked, or the objects that its lines
// name become claims; then a Map runs the stages for each record. A record that fails is kept with its failure and leaves the others alone.
import type { Pipeline } from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State, type States } from './asl.ts';
import { recordsAtOnce } from './concurrency.ts';
import { retryOf } from './policies.ts';
import { recordStates } from './record-flow.ts';
import { CHECK_RECORDS } from './stages.ts';

interface FirstState {
  readonly name: string;
  readonly comment: string;
  readonly function: string;
  readonly seconds: number;
}

const CLAIM_OBJECTS: FirstState = {
  name: 'ClaimObjects',
  comment: "Reads the objects that the file's lines name.",
  function: 'claim-objects',
  seconds: 60,
};

const CHECK_FILE: FirstState = {
  name: 'CheckRecords',
  comment: "Checks the file's records against the pipeline's input.",
  function: CHECK_RECORDS,
  seconds: 60,
};

/** Records of one child at once. */
const RECORDS_AT_ONCE = 4;

export function eachRecord(pipeline: Pipeline): { StartAt: string; States: States } {
  const suffix = '';
  const first = pipeline.body === 'payload' ? CLAIM_OBJECTS : CHECK_FILE;
  return {
    StartAt: first.name + suffix,
    States: {
      [first.name + suffix]: firstState(first, pipeline, suffix),
      [`EachRecord${suffix}`]: mapState(pipeline, suffix),
    },
  };
}

function firstState(first: FirstState, pipeline: Pipeline, suffix: string): State {
  return {
    Type: 'Task',
    Comment: first.comment,
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: placeholder(functionPlaceholder(first.function)),
      Payload: {
        stage: first.name,
        pipeline: pipeline.name,
        onRecordError: 'keep',
        records: { task: expression('$task') },
      },
    },
    TimeoutSeconds: first.seconds,
    Retry: retryOf({ kind: 'function', name: first.name, function: first.function, gives: [] }),
    Catch: [failureCatcher(first.name)],
    Output: expression('$states.result.Payload'),
    Next: `EachRecord${suffix}`,
  };
}

function mapState(pipeline: Pipeline, suffix: string): State {
  const take = `TakeRecord${suffix}`;
  const { start, states } = recordStates(pipeline, { isBatch: true, suffix });
  return {
    Type: 'Map',
    Items: expression('$states.input.records'),
    MaxConcurrency: recordsAtOnce(pipeline, RECORDS_AT_ONCE),
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: take,
      States: {
        [take]: takeState(start, suffix),
        [`KeepRecord${suffix}`]: { Type: 'Pass', End: true },
        ...states,
      },
    },
    Catch: [failureCatcher('EachRecord')],
    Assign: { kept: [{ records: expression('$states.result') }] },
    Output: {},
    Next: 'WritePart',
  };
}

/** The chunk as a whole failed: its records fail by themselves. */
function failureCatcher(stage: string) {
  return {
    ErrorEquals: ['States.ALL'],
    Output: { stage, failure: expression('$states.errorOutput') },
    Next: 'NoteFailure',
  };
}

/** What has failed already goes no further; of any other, what its failure would have to tell is remembered. */
function takeState(start: string, suffix: string): State {
  return {
    Type: 'Choice',
    Choices: [{ Condition: expression('$exists($states.input.error)'), Next: `KeepRecord${suffix}` }],
    Assign: {
      position: expression('$states.input.position'),
      source: expression('$states.input.source'),
    },
    Output: expression('$states.input.value'),
    Default: start,
  };
}
