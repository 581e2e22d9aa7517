// CreateEndpointConfig's input, checked: each member by itself, then what goes together.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
import type { SdkValues } from '../../service.ts';
import { type ControlContext, sagemakerArn } from './context.ts';
import { containersOf } from './models.ts';
import { invalid, NAME_RULE, Problems } from './problems.ts';
import type { AsyncInferenceConfig, DataCaptureConfig, ProductionVariant } from './records.ts';

/** At most 10 variants, shadow variants counted by themselves. */
const MAX_VARIANTS = 10;

/** @throws AwsError ValidationException */
export function checkConfig(input: SdkValues, context: ControlContext): void {
  const problems = new Problems().text('endpointConfigName', input.EndpointConfigName, NAME_RULE);
  const production = problems.list('productionVariants', input.ProductionVariants, {
    min: 1,
    max: MAX_VARIANTS,
  });
  const shadow = problems.list('shadowProductionVariants', input.ShadowProductionVariants, {
    min: 0,
    max: MAX_VARIANTS,
  });
  production.forEach((variant, index) => {
    checkVariant(problems, `productionVariants.${index + 1}.member`, variant as ProductionVariant);
  });
  shadow.forEach((variant, index) => {
    checkVariant(problems, `shadowProductionVariants.${index + 1}.member`, variant as ProductionVariant);
  });
  checkAsync(problems, input.AsyncInferenceConfig as AsyncInferenceConfig | undefined);
  checkCapture(problems, input.DataCaptureConfig as DataCaptureConfig | undefined);
  problems.throwIfAny();
  const variants = [...production, ...shadow] as ProductionVariant[];
  checkModelsExist(variants, context);
  for (const variant of variants) checkCapacity(variant, input.ExecutionRoleArn);
  if (shadow.length > 0) checkShadow(input, production.length, shadow.length);
  if (variants.some((variant) => variant.ServerlessConfig !== undefined))
    checkServerless(input, variants, context);
  const names = variants.map((variant) => variant.VariantName);
  if (new Set(names).size !== names.length)
    throw invalid('Production variant names must be unique within an endpoint configuration.');
}

/** Families come and go: the form is held, not AWS's list. */
const INSTANCE_TYPE_RULE = {
  pattern: /^ml\.[a-z]{1,4}\d{1,2}[a-z0-9-]*\.(medium|large|(\d{1,3})?xlarge|metal(-\d+xl)?)$/,
};

function checkVariant(problems: Problems, at: string, variant: ProductionVariant): void {
  const seconds = { min: 60, max: 3600, isOptional: true };
  const { ServerlessConfig: serverless } = variant;
  problems
    .text(`${at}.variantName`, variant.VariantName, NAME_RULE)
    .text(`${at}.modelName`, variant.ModelName, { ...NAME_RULE, isOptional: true })
    .text(`${at}.instanceType`, variant.InstanceType, { ...INSTANCE_TYPE_RULE, isOptional: true })
    .number(`${at}.initialInstanceCount`, variant.InitialInstanceCount, { min: 1, isOptional: true })
    .number(`${at}.initialVariantWeight`, variant.InitialVariantWeight, { min: 0, isOptional: true })
    .number(
      `${at}.containerStartupHealthCheckTimeoutInSeconds`,
      variant.ContainerStartupHealthCheckTimeoutInSeconds,
      seconds,
    )
    .number(`${at}.modelDataDownloadTimeoutInSeconds`, variant.ModelDataDownloadTimeoutInSeconds, seconds)
    .text(`${at}.routingConfig.routingStrategy`, variant.RoutingConfig?.RoutingStrategy, {
      oneOf: ['LEAST_OUTSTANDING_REQUESTS', 'RANDOM'],
      isOptional: true,
    });
  if (serverless === undefined) return;
  problems
    .number(`${at}.serverlessConfig.memorySizeInMB`, serverless.MemorySizeInMB, { min: 1024, max: 6144 })
    .number(`${at}.serverlessConfig.maxConcurrency`, serverless.MaxConcurrency, { min: 1, max: 200 });
}

/** Instances, or none of them; a role where the variant's containers come later. */
function checkCapacity(variant: ProductionVariant, executionRoleArn: unknown): void {
  const { VariantName, ModelName, InstanceType, InitialInstanceCount, ServerlessConfig } = variant;
  const hasInstances = InstanceType !== undefined || InitialInstanceCount !== undefined;
  if (hasInstances === (ServerlessConfig !== undefined))
    throw invalid(
      `You must specify either ServerlessConfig, or InstanceType and InitialInstanceCount, for the production variant ${VariantName}.`,
    );
  if (ModelName === undefined && executionRoleArn === undefined)
    throw invalid(
      `ExecutionRoleArn is required: the production variant ${VariantName} has no ModelName and hosts inference components.`,
    );
}

/** What shadow variants do not go with. */
function checkShadow(input: SdkValues, productionCount: number, shadowCount: number): void {
  if (productionCount > 1 || shadowCount > 1)
    throw invalid(
      'You can only specify one variant for ProductionVariants and one variant for ShadowProductionVariants.',
    );
  if (input.AsyncInferenceConfig !== undefined)
    throw invalid('Shadow variants are not supported with asynchronous inference.');
}

/** What Serverless Inference does not do. */
function checkServerless(
  input: SdkValues,
  variants: readonly ProductionVariant[],
  { store }: ControlContext,
): void {
  const refuse = (what: string) => invalid(`Serverless Inference does not support ${what}.`);
  if (variants.length > 1) throw refuse('multiple production variants');
  if (input.DataCaptureConfig !== undefined) throw refuse('data capture');
  if (input.AsyncInferenceConfig !== undefined) throw refuse('asynchronous inference');
  const model = store.models.get(variants[0]!.ModelName ?? '');
  if (model === undefined) return;
  if ((model.Containers?.length ?? 1) > 1) throw refuse('inference pipelines');
  if (containersOf(model).some((container) => container.Mode === 'MultiModel'))
    throw refuse('multi-model endpoints');
}

const S3_URL_RULE = { pattern: /^(https|s3):\/\/([^/]+)\/?(.*)$/, max: 1024, isOptional: true };

function checkAsync(problems: Problems, config: AsyncInferenceConfig | undefined): void {
  if (config === undefined) return;
  const output = config.OutputConfig as AsyncInferenceConfig['OutputConfig'] | undefined;
  // Results that neither lie anywhere nor are told to anyone.
  const isEmpty = output?.S3OutputPath === undefined && output?.NotificationConfig === undefined;
  if (isEmpty) problems.text('asyncInferenceConfig.outputConfig.s3OutputPath', undefined, {});
  problems
    .number(
      'asyncInferenceConfig.clientConfig.maxConcurrentInvocationsPerInstance',
      config.ClientConfig?.MaxConcurrentInvocationsPerInstance,
      { min: 1, max: 1000, isOptional: true },
    )
    .text('asyncInferenceConfig.outputConfig.s3OutputPath', config.OutputConfig?.S3OutputPath, S3_URL_RULE)
    .text('asyncInferenceConfig.outputConfig.s3FailurePath', config.OutputConfig?.S3FailurePath, S3_URL_RULE);
}

function checkCapture(problems: Problems, config: DataCaptureConfig | undefined): void {
  if (config === undefined) return;
  const at = 'dataCaptureConfig';
  problems
    .number(`${at}.initialSamplingPercentage`, config.InitialSamplingPercentage, { min: 0, max: 100 })
    .text(`${at}.destinationS3Uri`, config.DestinationS3Uri, { ...S3_URL_RULE, max: 512, isOptional: false })
    .list(`${at}.captureOptions`, config.CaptureOptions, { min: 1, max: 32 });
}

function checkModelsExist(variants: readonly ProductionVariant[], { store, place }: ControlContext): void {
  for (const { ModelName } of variants) {
    if (ModelName === undefined || store.models.get(ModelName) !== undefined) continue;
    throw invalid(`Could not find model "${sagemakerArn(place, 'model', ModelName)}".`);
  }
}
