// The batch machine of a pipeline: a Standard execution that cuts one file into chunks of records, runs the stages on
// each chunk in an Express child of a Distributed Map, and puts the parts that the children leave together in the file's
// order. docs/batch.md tells the life of a run.

import type { Pipeline } from '../pipeline.ts';
import { expression, functionPlaceholder, placeholder, type State, type StateMachine } from './asl.ts';
import { BATCH_STATES, chunkStates } from './batch-chunk.ts';
import { PipelineDefinitionError } from './errors.ts';

/** Each child costs about 20 requests beside its records: with half as many records they were an eighth of the processor time. */
const RECORDS_PER_CHUNK = 10_000;
/** A chunk of them is in a function's memory several times over. */
const RECORDS_ONE_BY_ONE = 20;
const BYTES_PER_CHUNK = 4 * 1024 * 1024;
/** As many as keep two cores busy, each with its chunk in memory. */
const CHILDREN_AT_ONCE = 3;

/** The longest a Lambda function may run. */
const LONGEST_SECONDS = 900;

const OUTER_STATES = [
  'SplitInput',
  'ChooseChunks',
  'RunChunks',
  'AssembleResults',
  'RecordFailure',
  'RunFailed',
];

/** @throws PipelineDefinitionError for a stage that is called as a state of every batch is */
export function batchMachine(pipeline: Pipeline): StateMachine {
  checkNames(pipeline);
  return {
    Comment: `${pipeline.description} A file of records at a time.`,
    QueryLanguage: 'JSONata',
    StartAt: 'SplitInput',
    States: {
      SplitInput: splitState(pipeline),
      ChooseChunks: chooseState(),
      RunChunks: mapState(pipeline),
      AssembleResults: assembleState({}, { End: true }),
      RecordFailure: assembleState(
        { stage: expression('$states.input.stage'), failure: expression('$states.input.failure') },
        { Output: expression('$states.input'), Next: 'RunFailed' },
      ),
      RunFailed: runFailed(),
    },
  };
}

function checkNames({ name, stages }: Pipeline): void {
  const reserved = [...OUTER_STATES, ...BATCH_STATES];
  const taken = stages.find((stage) => reserved.includes(stage.name));
  if (taken === undefined) return;
  const place = { pipeline: name, stage: taken.name };
  throw new PipelineDefinitionError(
    place,
    `a name that is none of the batch's own (${reserved.join(', ')})`,
    taken.name,
  );
}

/** Cutting again gives the same chunks, so it is safe to retry. */
function splitState({ batch, flow }: Pipeline): State {
  const maxRecords = flow === 'record' ? RECORDS_ONE_BY_ONE : RECORDS_PER_CHUNK;
  return {
    Type: 'Task',
    Comment: 'Reads the file once and lists its chunks of records that are still to do.',
    ...invoke('split-batch', {
      run: expression('$states.input'),
      limits: {
        maxRecords: batch?.recordsPerChild ?? maxRecords,
        maxBytes: batch?.bytesPerChild ?? BYTES_PER_CHUNK,
        concurrency: batch?.maxConcurrency ?? CHILDREN_AT_ONCE,
      },
    }),
    TimeoutSeconds: LONGEST_SECONDS,
    Retry: RETRY,
    Catch: [catchInto('SplitInput')],
    Output: {
      run: expression('$states.input'),
      reading: expression('$states.result.Payload.reading'),
      totals: expression('$states.result.Payload.totals'),
      todo: expression('$states.result.Payload.todo'),
      concurrency: expression('$states.result.Payload.concurrency'),
    },
    Next: 'ChooseChunks',
  };
}

/** Nothing in the file, or all of it done by a former start. */
function chooseState(): State {
  return {
    Type: 'Choice',
    Choices: [{ Condition: expression('$states.input.todo.count = 0'), Next: 'AssembleResults' }],
    Default: 'RunChunks',
  };
}

function mapState(pipeline: Pipeline): State {
  return {
    Type: 'Map',
    Label: 'Chunks',
    Comment: 'A child per chunk. One that fails ends the run: bad records are no failures of their child.',
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig: { InputType: 'JSONL' },
      Arguments: {
        Bucket: expression('$states.input.run.bucket'),
        Key: expression('$states.input.todo.key'),
      },
    },
    ItemSelector: {
      task: {
        run: expression('$states.input.run'),
        reading: expression('$states.input.reading'),
        totals: expression('$states.input.totals'),
        chunk: expression('$states.context.Map.Item.Value'),
      },
    },
    MaxConcurrency: expression('$states.input.concurrency'),
    ToleratedFailurePercentage: 0,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
      ...chunkStates(pipeline),
    },
    ResultWriter: {
      Resource: 'arn:aws:states:::s3:putObject',
      WriterConfig: { Transformation: 'COMPACT', OutputType: 'JSONL' },
      Arguments: {
        Bucket: expression('$states.input.run.bucket'),
        Prefix: expression('$states.input.run.workPrefix & "results"'),
      },
    },
    Catch: [catchInto('RunChunks')],
    Output: {},
    Next: 'AssembleResults',
  };
}

/** Assembling twice gives the same objects. */
function assembleState(payload: Record<string, unknown>, transition: Record<string, unknown>): State {
  return {
    Type: 'Task',
    ...invoke('assemble-batch', {
      run: expression('$states.context.Execution.Input'),
      executionArn: expression('$states.context.Execution.Id'),
      startedAt: expression('$states.context.Execution.StartTime'),
      ...payload,
    }),
    TimeoutSeconds: LONGEST_SECONDS,
    Retry: RETRY,
    Catch: [
      {
        ErrorEquals: ['States.ALL'],
        Output: { stage: 'AssembleResults', failure: expression('$states.errorOutput') },
        Next: Object.hasOwn(transition, 'End') ? 'RecordFailure' : 'RunFailed',
      },
    ],
    Output: expression('$states.result.Payload'),
    ...transition,
  };
}

function runFailed(): State {
  return {
    Type: 'Fail',
    Error: expression('$states.input.failure.Error'),
    Cause: expression(
      '$string({"stage": $states.input.stage, "error": $states.input.failure.Error, "message": $states.input.failure.Cause})',
    ),
  };
}

function invoke(folder: string, Payload: Record<string, unknown>) {
  return {
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: placeholder(functionPlaceholder(folder)), Payload },
  };
}

const RETRY = [
  {
    ErrorEquals: [
      'Lambda.ServiceException',
      'Lambda.AWSLambdaException',
      'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException',
      'StorageFailed',
    ],
    IntervalSeconds: 1,
    MaxAttempts: 3,
    BackoffRate: 2,
  },
];

function catchInto(stage: string) {
  return {
    ErrorEquals: ['States.ALL'],
    Output: { stage, failure: expression('$states.errorOutput') },
    Next: 'RecordFailure',
  };
}
