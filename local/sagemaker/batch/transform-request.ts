// CreateTransformJob's input, checked and with its defaults.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html
import type { SdkValues } from '../../service.ts';
import { invalid, NAME_RULE, Problems } from '../control/problems.ts';
import type { HostingSettings } from '../settings.ts';
import type { DataProcessingConfig } from './data-processing.ts';
import { compileFilter } from './json-path.ts';
import type { SplitType } from './records.ts';

export interface TransformRequest {
  readonly TransformJobName: string;
  readonly ModelName: string;
  readonly MaxConcurrentTransforms?: number;
  readonly MaxPayloadInMB?: number;
  readonly BatchStrategy?: 'MultiRecord' | 'SingleRecord';
  readonly Environment?: Readonly<Record<string, string>>;
  readonly ModelClientConfig?: {
    readonly InvocationsTimeoutInSeconds?: number;
    readonly InvocationsMaxRetries?: number;
  };
  readonly TransformInput: {
    readonly DataSource: { readonly S3DataSource: { readonly S3DataType: string; readonly S3Uri: string } };
    readonly ContentType?: string;
    readonly CompressionType?: 'None' | 'Gzip';
    readonly SplitType?: SplitType;
  };
  readonly TransformOutput: {
    readonly S3OutputPath: string;
    readonly Accept?: string;
    readonly AssembleWith?: 'None' | 'Line';
  };
  readonly TransformResources: { readonly InstanceType: string; readonly InstanceCount: number };
  readonly DataProcessing?: DataProcessingConfig;
}

export type TransformLimits = Pick<HostingSettings, 'batchPayloadLimitBytes'>;

const MEBIBYTE = 1024 * 1024;
const URL_RULE = { pattern: /^(https|s3):\/\/([^/]+)\/?(.*)$/, max: 1024 };

/** @throws AwsError ValidationException */
export function checkTransform(input: SdkValues, limits: TransformLimits): TransformRequest {
  const request = input as unknown as TransformRequest;
  const { TransformInput, TransformOutput, DataProcessing } = request;
  const source = TransformInput?.DataSource?.S3DataSource;
  const problems = new Problems();
  checkClient(problems, request);
  problems
    .text('transformJobName', request.TransformJobName, NAME_RULE)
    .text('modelName', request.ModelName, { max: 256 })
    .text('transformInput.dataSource.s3DataSource.s3Uri', source?.S3Uri, URL_RULE)
    .text('transformInput.dataSource.s3DataSource.s3DataType', source?.S3DataType, {
      oneOf: ['S3Prefix', 'ManifestFile'],
    })
    .text('transformInput.splitType', TransformInput?.SplitType, {
      oneOf: ['None', 'Line', 'RecordIO', 'TFRecord'],
      isOptional: true,
    })
    .text('batchStrategy', request.BatchStrategy, {
      oneOf: ['MultiRecord', 'SingleRecord'],
      isOptional: true,
    })
    .text('transformOutput.s3OutputPath', TransformOutput?.S3OutputPath, URL_RULE)
    .text('transformOutput.assembleWith', TransformOutput?.AssembleWith, {
      oneOf: ['None', 'Line'],
      isOptional: true,
    })
    .text('dataProcessing.inputFilter', DataProcessing?.InputFilter, { max: 63, isOptional: true })
    .text('dataProcessing.outputFilter', DataProcessing?.OutputFilter, { max: 63, isOptional: true })
    .number('maxPayloadInMB', request.MaxPayloadInMB, { min: 0, isOptional: true })
    .number('maxConcurrentTransforms', request.MaxConcurrentTransforms, { min: 0, isOptional: true })
    .number('transformResources.instanceCount', request.TransformResources?.InstanceCount, { min: 1 })
    .throwIfAny();
  if (input.DataCaptureConfig !== undefined)
    throw invalid('DataCaptureConfig of a transform job is not served on this machine.');
  checkTogether(request, limits);
  return request;
}

function checkClient(problems: Problems, { Environment, ModelClientConfig: client }: TransformRequest): void {
  const variables = Object.entries(Environment ?? {});
  problems.list('environment', variables, { min: 0, max: 16 });
  const retries = { min: 0, max: 3, isOptional: true };
  const seconds = { min: 1, max: 3600, isOptional: true };
  problems
    .number('modelClientConfig.invocationsMaxRetries', client?.InvocationsMaxRetries, retries)
    .number('modelClientConfig.invocationsTimeoutInSeconds', client?.InvocationsTimeoutInSeconds, seconds);
  for (const [key, value] of variables) {
    problems.text('environment.key', key, { pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/, max: 1024 });
    problems.text('environment.value', value, { max: 10_240 });
  }
}

function checkTogether(request: TransformRequest, { batchPayloadLimitBytes: limit }: TransformLimits): void {
  const { TransformInput, TransformOutput, DataProcessing } = request;
  const payloads = (request.MaxConcurrentTransforms ?? 1) * (request.MaxPayloadInMB ?? 6);
  if (payloads * MEBIBYTE > limit)
    throw invalid(
      `The product of MaxConcurrentTransforms and MaxPayloadInMB must be at most ${Math.floor(limit / MEBIBYTE)} MB.`,
    );
  if (request.BatchStrategy === 'SingleRecord' && (TransformInput.SplitType ?? 'None') === 'None')
    throw invalid('SplitType must not be None when BatchStrategy is SingleRecord.');
  for (const filter of [DataProcessing?.InputFilter, DataProcessing?.OutputFilter]) checkFilter(filter);
  if (DataProcessing?.JoinSource !== 'Input') return;
  if (typeOf(TransformOutput.Accept) !== typeOf(TransformInput.ContentType))
    throw invalid('Accept must be the same as ContentType when JoinSource is Input.');
  if (TransformInput.SplitType === 'Line' && TransformOutput.AssembleWith !== 'Line')
    throw invalid('AssembleWith must be Line when JoinSource is Input and SplitType is Line.');
}

function checkFilter(filter: string | undefined): void {
  try {
    if (filter !== undefined) compileFilter(filter);
  } catch (thrown) {
    throw invalid((thrown as Error).message);
  }
}

function typeOf(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim();
}
