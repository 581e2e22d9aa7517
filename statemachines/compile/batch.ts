// The batch machine of a pipeline: a Standard execution whose Distributed Map reads the records of one file, runs the
// stages on them in Express children and writes their results to a work prefix, from where `assemble-batch` puts them
// back into the file's order.
import { STATE_BYTES_LIMIT } from '../../layers/seriatim/payload.ts';
import { functionStage, type Pipeline } from '../pipeline.ts';
import {
  expression,
  functionPlaceholder,
  placeholder,
  type State,
  type StateMachine,
  type States,
} from './asl.ts';
import { eachRecord } from './batch-each.ts';
import { pipelineStates } from './links.ts';
import { CHECK_RECORDS, FAILED, failedState } from './stages.ts';

const RECORDS_PER_CHILD = 500;

/** Well under half a state's limit: a record travels with its source beside what the stages make of it. */
const BYTES_PER_CHILD = (STATE_BYTES_LIMIT * 3) / 8;
const CHILDREN_AT_ONCE = 10;

/** The longest a Lambda function may run. */
const ASSEMBLE_SECONDS = 900;

export function batchMachine(definition: Pipeline): StateMachine {
  const pipeline = definition.flow === 'record' ? definition : withCheckedRecords(definition);
  return {
    Comment: `${pipeline.description} A file of records at a time.`,
    QueryLanguage: 'JSONata',
    StartAt: 'ChooseFormat',
    States: {
      ChooseFormat: chooseFormat(),
      RunCsvRecords: recordsMap(pipeline, {
        label: 'Csv',
        readerConfig: { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' },
      }),
      RunJsonLines: recordsMap(pipeline, { label: 'JsonLines', readerConfig: { InputType: 'JSONL' } }),
      AssembleResults: assembleState({ results: expression('$states.input.results') }, { End: true }),
      RecordFailure: assembleState(
        { failure: expression('$states.input.failure') },
        { Output: expression('$states.input'), Next: FAILED },
      ),
      [FAILED]: failedState(),
    },
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

/** An empty file has no header to read: it goes straight to an empty result. */
function chooseFormat(): State {
  return {
    Type: 'Choice',
    Choices: [
      {
        Condition: expression('$states.input.sizeBytes = 0'),
        Output: { results: {} },
        Next: 'AssembleResults',
      },
      { Condition: expression('$states.input.format = "csv"'), Next: 'RunCsvRecords' },
    ],
    Default: 'RunJsonLines',
  };
}

function recordsMap(
  pipeline: Pipeline,
  format: { readonly label: string; readonly readerConfig: Record<string, string> },
): State {
  const { batch } = pipeline;
  return {
    Type: 'Map',
    Label: format.label,
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      ReaderConfig: format.readerConfig,
      Arguments: { Bucket: expression('$states.input.bucket'), Key: expression('$states.input.key') },
    },
    ItemSelector: {
      position: expression('$states.context.Map.Item.Index'),
      value: expression('$states.context.Map.Item.Value'),
    },
    ItemBatcher: {
      MaxItemsPerBatch: batch?.recordsPerChild ?? RECORDS_PER_CHILD,
      MaxInputBytesPerBatch: batch?.bytesPerChild ?? BYTES_PER_CHILD,
    },
    MaxConcurrency: batch?.maxConcurrency ?? CHILDREN_AT_ONCE,
    ToleratedFailurePercentage: 100,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
      ...childStates(pipeline, format.label),
    },
    ResultWriter: resultWriter(),
    Catch: [
      {
        ErrorEquals: ['States.ALL'],
        Output: { stage: `Run${format.label}`, failure: expression('$states.errorOutput') },
        Next: 'RecordFailure',
      },
    ],
    Output: { results: expression('$states.result.ResultWriterDetails') },
    Next: 'AssembleResults',
  };
}

function childStates(pipeline: Pipeline, suffix: string): { StartAt: string; States: States } {
  if (pipeline.flow === 'record') return eachRecord(pipeline, suffix);
  return {
    StartAt: pipeline.stages[0]!.name + suffix,
    States: pipelineStates(pipeline, {
      onRecordError: 'keep',
      recordsAt: '$states.input.Items',
      isRequest: false,
      suffix,
    }),
  };
}

/** One line per child with its output alone; what failed is listed apart, with its input. */
function resultWriter(): Record<string, unknown> {
  return {
    Resource: 'arn:aws:states:::s3:putObject',
    WriterConfig: { Transformation: 'COMPACT', OutputType: 'JSONL' },
    Arguments: { Bucket: expression('$states.input.bucket'), Prefix: expression('$states.input.workPrefix') },
  };
}

/** Assembling twice gives the same objects, so it is safe to retry. */
function assembleState(payload: Record<string, unknown>, transition: Record<string, unknown>): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: placeholder(functionPlaceholder('assemble-batch')),
      Payload: {
        batch: expression('$states.context.Execution.Input'),
        executionArn: expression('$states.context.Execution.Id'),
        startedAt: expression('$states.context.Execution.StartTime'),
        ...payload,
      },
    },
    TimeoutSeconds: ASSEMBLE_SECONDS,
    Retry: [{ ErrorEquals: ['Lambda.ServiceException', 'Lambda.SdkClientException'], MaxAttempts: 3 }],
    Catch: [
      {
        ErrorEquals: ['States.ALL'],
        Output: { stage: 'AssembleResults', failure: expression('$states.errorOutput') },
        Next: FAILED,
      },
    ],
    Output: expression('$states.result.Payload'),
    ...transition,
  };
}
