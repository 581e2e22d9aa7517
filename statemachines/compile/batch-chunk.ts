// A child of a batch: the stages over one chunk of records, which travel between them as payloads. A stage that fails
// on the chunk as a whole is tried again on its halves, down to the record at fault; what fails for reasons of its own,
// such as an endpoint that is away, ends the child and the run.
import {
  type FunctionStage,
  functionStage,
  type InferenceStage,
  type ModelLink,
  type Pipeline,
} from '../pipeline.ts';
import {
  type Catcher,
  expression,
  functionPlaceholder,
  placeholder,
  type State,
  type States,
} from './asl.ts';
import { eachRecord } from './batch-each.ts';
import { retryOf } from './policies.ts';
import { CHECK_RECORDS } from './stages.ts';

/** States that every child has, beside its stages. */
export const BATCH_STATES = [
  'BeginChunk',
  'NextSlice',
  'SplitSlice',
  'WritePart',
  'NoteFailure',
  'ChunkFailed',
];

/** Slices of one chunk at most: finds about nine bad records of 5,000. Further ones fail with their slice. */
const MOST_SLICES = 129;

/** The payloads of an undivided chunk that stay in the state; those of slices would add up. */
const INLINE_BYTES = 32_768;

/** Thousands of records take a stage longer than a request does. */
const STAGE_SECONDS = 60;
const INVOKE_SECONDS = 75;

export function chunkStates(pipeline: Pipeline): { StartAt: string; States: States } {
  const inner = pipeline.flow === 'record' ? eachRecord(pipeline) : sliceStates(withCheckedRecords(pipeline));
  return {
    StartAt: 'BeginChunk',
    States: { BeginChunk: beginState(inner.StartAt), ...inner.States, ...endStates() },
  };
}

/**
 * A request's records are checked before its execution starts; a file's by the first function stage, or by one that is
 * put before an inference at the start, so that a bad line becomes an error record and spoils no call.
 */
export function withCheckedRecords(pipeline: Pipeline): Pipeline {
  if (pipeline.stages[0]!.kind === 'function') return pipeline;
  const check = functionStage({
    name: 'CheckRecords',
    description: "Checks the file's records against the pipeline's input.",
    function: CHECK_RECORDS,
    gives: [],
  });
  return { ...pipeline, stages: [check, ...pipeline.stages] };
}

function beginState(first: string): State {
  return {
    Type: 'Pass',
    Assign: {
      task: expression('$states.input.task'),
      slices: [{ from: 0, to: expression('$states.input.task.chunk.count') }],
      next: 0,
      kept: [],
    },
    Next: first,
  };
}

function sliceStates(pipeline: Pipeline): { StartAt: string; States: States } {
  const states: Record<string, State> = {
    NextSlice: nextSlice(pipeline.stages[0]!.name),
    SplitSlice: splitSlice(),
  };
  pipeline.stages.forEach((stage, index) => {
    if (stage.kind === 'function') states[stage.name] = functionState(stage, { pipeline, index });
    if (stage.kind === 'inference') states[stage.name] = inferenceState(stage, { pipeline, index });
  });
  return { StartAt: 'NextSlice', States: states };
}

function nextSlice(first: string): State {
  return {
    Type: 'Choice',
    Choices: [
      {
        Condition: expression('$next < $count($slices)'),
        Assign: {
          slice: expression('$slices[$next]'),
          next: expression('$next + 1'),
          models: [],
        },
        Next: first,
      },
    ],
    Default: 'WritePart',
  };
}

/** A slice of one record, or one too many, is kept with its failure. */
function splitSlice(): State {
  const middle = '$floor(($slice.from + $slice.to) / 2)';
  const halves = `[{"from": $slice.from, "to": ${middle}}, {"from": ${middle}, "to": $slice.to}]`;
  const failed = '[{"slice": $slice, "stage": $states.input.stage, "failure": $states.input.failure}]';
  return {
    Type: 'Choice',
    Choices: [
      {
        Condition: expression(`$slice.to - $slice.from > 1 and $count($slices) < ${MOST_SLICES}`),
        Assign: { slices: expression(`$append($slices, ${halves})`) },
        Next: 'NextSlice',
      },
    ],
    Default: 'NextSlice',
    Assign: { kept: expression(`$append($kept, ${failed})`) },
  };
}

interface Place {
  readonly pipeline: Pipeline;
  readonly index: number;
}

const CARRY = {
  bucket: expression('$task.run.bucket'),
  prefix: expression('$task.run.workPrefix & "claims/"'),
  inlineBytes: expression(`$count($slices) = 1 ? ${INLINE_BYTES} : 0`),
};

function functionState(stage: FunctionStage, place: Place): State {
  const result = '$states.result.Payload.records';
  const isLast = nextOf(place) === undefined;
  return {
    Type: 'Task',
    ...comment(stage),
    ...invoke(stage.function, stageEvent(stage, place)),
    TimeoutSeconds: stage.timeoutSeconds ?? STAGE_SECONDS,
    Retry: [...retryOf(stage), STORAGE_RETRY],
    Catch: catchers(stage.name),
    ...(isLast ? keep(`{"records": ${result}, "models": $models}`) : {}),
    Output: isLast ? {} : expression('$states.result.Payload'),
    Next: nextOf(place) ?? 'NextSlice',
  };
}

/** The event of the stage runtime: `CarriedEvent` of layers/seriatim/batch/carry.ts. */
function stageEvent(stage: FunctionStage, { pipeline, index }: Place): Record<string, unknown> {
  const before = pipeline.stages[index - 1];
  const after = pipeline.stages[index + 1];
  const first = { task: expression('$task'), slice: expression('$slice') };
  return {
    stage: stage.name,
    ...(stage.function === CHECK_RECORDS ? { pipeline: pipeline.name } : {}),
    onRecordError: 'keep',
    records: index === 0 ? first : expression('$states.input.records'),
    ...(before?.kind === 'inference'
      ? { answers: { ...answersHead(before), payload: expression('$states.input.answers') } }
      : {}),
    ...(after?.kind === 'inference' ? { next: groupingOf(after) } : {}),
    carry: CARRY,
  };
}

function inferenceState(stage: InferenceStage, place: Place): State {
  const models = '$append($models, $states.result.Payload.models)';
  const answers = '$states.result.Payload.payload';
  const head = JSON.stringify(answersHead(stage)).slice(1, -1);
  const kept = `{"records": $states.input.records, "answers": {${head}, "payload": ${answers}}, "models": ${models}}`;
  const next = nextOf(place);
  return {
    Type: 'Task',
    ...comment(stage),
    ...invoke('invoke-records', invokeEvent(stage)),
    TimeoutSeconds: stage.timeoutSeconds ?? INVOKE_SECONDS,
    Retry: [...(stage.retry ?? retryOf(PAYLOAD_LIKE)), STORAGE_RETRY],
    Catch: catchers(stage.name),
    ...(next === undefined ? keep(kept) : { Assign: { models: expression(models) } }),
    Output:
      next === undefined
        ? {}
        : { records: expression('$states.input.records'), answers: expression(answers) },
    Next: next ?? 'NextSlice',
  };
}

/** Called through a function, an endpoint's errors come under the registry's names. */
const PAYLOAD_LIKE = {
  kind: 'payload',
  name: '',
  endpoint: { placeholder: '', containers: [] },
  payload: '',
  accept: '',
  answer: {},
} as const;

function invokeEvent(stage: InferenceStage): Record<string, unknown> {
  const { name, endpoint, targetVariant, targetContainer, link } = stage;
  const isFirst = link === undefined || link.isFirst;
  return {
    stage: name,
    endpointName: placeholder(endpoint.placeholder),
    ...(targetVariant === undefined ? {} : { targetVariant }),
    ...(targetContainer === undefined ? {} : { targetContainer }),
    ...(link === undefined ? {} : { link: linkOf(stage, link) }),
    groups: isFirst ? expression('$states.input.groups') : { payload: expression('$states.input.answers') },
    carry: CARRY,
  };
}

/** Of linked models each takes the answer of the one before as it came; only those in multi-model mode are told which. */
function linkOf({ endpoint }: InferenceStage, { isLast }: ModelLink): Record<string, unknown> {
  return {
    accept: isLast ? 'application/json' : '*/*',
    isMultiModel: endpoint.containers.some(({ mode }) => mode === 'MultiModel'),
  };
}

function endStates(): States {
  return {
    WritePart: {
      Type: 'Task',
      Comment: "Writes what the chunk's records came to.",
      ...invoke('write-part', { task: expression('$task'), kept: expression('$kept') }),
      TimeoutSeconds: STAGE_SECONDS,
      Retry: [...retryOf({ kind: 'function', name: '', function: '', gives: [] }), STORAGE_RETRY],
      Catch: [{ ErrorEquals: ['States.ALL'], Output: caught('WritePart'), Next: 'NoteFailure' }],
      Output: expression('$states.result.Payload'),
      End: true,
    },
    NoteFailure: {
      Type: 'Task',
      Comment: 'Leaves word of what ended the run.',
      ...invoke('write-part', {
        task: expression('$task'),
        stage: expression('$states.input.stage'),
        failure: expression('$states.input.failure'),
      }),
      TimeoutSeconds: STAGE_SECONDS,
      Catch: [{ ErrorEquals: ['States.ALL'], Output: expression('$states.input'), Next: 'ChunkFailed' }],
      Output: expression('$states.input'),
      Next: 'ChunkFailed',
    },
    ChunkFailed: {
      Type: 'Fail',
      Error: expression('$states.input.failure.Error'),
      Cause: expression(
        '$string({"stage": $states.input.stage, "error": $states.input.failure.Error, "message": $states.input.failure.Cause})',
      ),
    },
  };
}

/** Nothing that a record did: halving the chunk would not help. */
const NOT_OF_A_RECORD = [
  'EndpointThrottled',
  'EndpointUnavailable',
  'ModelLoading',
  'ClaimNotFound',
  'ClaimMismatch',
  'ContractViolation',
  'StorageFailed',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];

const STORAGE_RETRY = { ErrorEquals: ['StorageFailed'], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 };

function catchers(stage: string): Catcher[] {
  return [
    { ErrorEquals: NOT_OF_A_RECORD, Output: caught(stage), Next: 'NoteFailure' },
    { ErrorEquals: ['States.ALL'], Output: caught(stage), Next: 'SplitSlice' },
  ];
}

function caught(stage: string): Record<string, unknown> {
  return { stage, failure: expression('$states.errorOutput') };
}

function keep(item: string): Record<string, unknown> {
  return { Assign: { kept: expression(`$append($kept, [${item}])`) } };
}

function nextOf({ pipeline, index }: Place): string | undefined {
  return pipeline.stages[index + 1]?.name;
}

function answersHead({ name, into }: InferenceStage): Record<string, unknown> {
  return { stage: name, ...(into === undefined ? {} : { into }) };
}

function groupingOf({ instance, targetModel }: InferenceStage): Record<string, unknown> {
  return {
    ...(instance === undefined ? {} : { instance }),
    ...(targetModel === undefined ? {} : { targetModel }),
  };
}

function invoke(folder: string, Payload: Record<string, unknown>) {
  return {
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: placeholder(functionPlaceholder(folder)), Payload },
  };
}

function comment({ description }: { readonly description?: string }): { Comment?: string } {
  return description === undefined ? {} : { Comment: description };
}
