// A batch's child where records go through the stages one by one: the objects that its lines name become claims, then
// a Map runs the stages for each record. A record that fails is kept with its failure and leaves the others alone.
import type { Pipeline } from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State, type States } from './asl.ts';
import { retryOf } from './policies.ts';
import { recordStates } from './record-flow.ts';

const CLAIM_OBJECTS = 'ClaimObjects';
const CLAIM_SECONDS = 60;

/** Records of one child at once. */
const RECORDS_AT_ONCE = 4;

export function eachRecord(pipeline: Pipeline): { StartAt: string; States: States } {
  const suffix = '';
  return {
    StartAt: CLAIM_OBJECTS + suffix,
    States: {
      [CLAIM_OBJECTS + suffix]: claimState(pipeline, suffix),
      [`EachRecord${suffix}`]: mapState(pipeline, suffix),
    },
  };
}

function claimState(pipeline: Pipeline, suffix: string): State {
  return {
    Type: 'Task',
    Comment: "Reads the objects that the file's lines name.",
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: placeholder(functionPlaceholder('claim-objects')),
      Payload: {
        stage: CLAIM_OBJECTS,
        pipeline: pipeline.name,
        onRecordError: 'keep',
        records: { task: expression('$task') },
      },
    },
    TimeoutSeconds: CLAIM_SECONDS,
    Retry: retryOf({ kind: 'function', name: CLAIM_OBJECTS, function: 'claim-objects', gives: [] }),
    Catch: [failureCatcher(CLAIM_OBJECTS)],
    Output: expression('$states.result.Payload'),
    Next: `EachRecord${suffix}`,
  };
}

function mapState(pipeline: Pipeline, suffix: string): State {
  const first = (field: string): string => `$states.input.value.${field}`;
  const start = `TakeRecord${suffix}`;
  return {
    Type: 'Map',
    Items: expression('$states.input.records'),
    MaxConcurrency: RECORDS_AT_ONCE,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: start,
      States: {
        [start]: takeState(pipeline, suffix),
        [`KeepRecord${suffix}`]: { Type: 'Pass', End: true },
        ...recordStates(pipeline, { first, isBatch: true, suffix }),
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
function takeState({ stages }: Pipeline, suffix: string): State {
  return {
    Type: 'Choice',
    Choices: [{ Condition: expression('$exists($states.input.error)'), Next: `KeepRecord${suffix}` }],
    Default: stages[0]!.name + suffix,
    Assign: {
      position: expression('$states.input.position'),
      source: expression('$states.input.source'),
    },
  };
}
