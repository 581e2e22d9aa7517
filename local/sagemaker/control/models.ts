// CreateModel, DescribeModel, ListModels, DeleteModel.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import { page } from './page.ts';
import { invalid, NAME_RULE, Problems } from './problems.ts';
import type { ContainerDefinition, ModelRecord } from './records.ts';

export function modelOperations(context: ControlContext): SdkOperations {
  const { store, place } = context;
  const find = (name: unknown): ModelRecord => {
    new Problems().text('modelName', name, NAME_RULE).throwIfAny();
    const model = store.models.get(name as string);
    if (model !== undefined) return model;
    throw invalid(`Could not find model "${sagemakerArn(place, 'model', name as string)}".`);
  };

  return {
    async createModel(input) {
      checkModel(input);
      const name = input.ModelName as string;
      const modelArn = sagemakerArn(place, 'model', name);
      if (store.models.get(name) !== undefined)
        throw invalid(`Cannot create already existing model "${modelArn}".`);
      store.models.put(name, { ...modelFields(input), ModelArn: modelArn, CreationTime: now(context) });
      return { ModelArn: modelArn };
    },
    async describeModel(input) {
      const model = find(input.ModelName);
      return { ...model, EnableNetworkIsolation: model.EnableNetworkIsolation ?? false };
    },
    async listModels(input) {
      const { items, ...rest } = page(input, {
        items: store.models.values(),
        name: (model) => model.ModelName,
        created: (model) => model.CreationTime,
      });
      const Models = items.map(({ ModelName, ModelArn, CreationTime }) => ({
        ModelName,
        ModelArn,
        CreationTime,
      }));
      return { Models, ...rest };
    },
    async deleteModel(input) {
      store.models.delete(find(input.ModelName).ModelName);
      return {};
    },
  };
}

/** The containers of a model in order, whichever way they were given. */
export function containersOf(model: ModelRecord): readonly ContainerDefinition[] {
  return model.Containers ?? [model.PrimaryContainer!];
}

function modelFields(input: SdkValues): Omit<ModelRecord, 'ModelArn' | 'CreationTime'> {
  const { ModelName, PrimaryContainer, Containers, InferenceExecutionConfig } =
    input as unknown as ModelRecord;
  const { ExecutionRoleArn, EnableNetworkIsolation, VpcConfig } = input as unknown as ModelRecord;
  return {
    ModelName,
    ...(PrimaryContainer === undefined ? {} : { PrimaryContainer }),
    ...(Containers === undefined ? {} : { Containers }),
    ...(InferenceExecutionConfig === undefined ? {} : { InferenceExecutionConfig }),
    ...(ExecutionRoleArn === undefined ? {} : { ExecutionRoleArn }),
    ...(EnableNetworkIsolation === undefined ? {} : { EnableNetworkIsolation }),
    ...(VpcConfig === undefined ? {} : { VpcConfig }),
  };
}

/** At most 15 in a pipeline. */
const MAX_CONTAINERS = 15;

function checkModel(input: SdkValues): void {
  const problems = new Problems().text('modelName', input.ModelName, NAME_RULE);
  const listed = problems.list('containers', input.Containers, { min: 0, max: MAX_CONTAINERS });
  const containers = (input.PrimaryContainer === undefined ? listed : [input.PrimaryContainer]) as
    | ContainerDefinition[]
    | [];
  containers.forEach((container, index) => {
    const at = input.PrimaryContainer === undefined ? `containers.${index + 1}.member` : 'primaryContainer';
    checkContainer(problems, at, container);
  });
  const execution = input.InferenceExecutionConfig as { Mode?: string } | undefined;
  if (execution !== undefined)
    problems.text('inferenceExecutionConfig.mode', execution.Mode, { oneOf: ['Serial', 'Direct'] });
  problems.throwIfAny();
  checkTogether(input, containers, execution?.Mode === 'Direct');
}

const MAX_VARIABLES = 100;
/** Names and values of all containers together. */
const MAX_ENVIRONMENT_BYTES = 32 * 1024;

const HOSTNAME_RULE = { ...NAME_RULE, isOptional: true };
const IMAGE_RULE = { pattern: /^[\S]+$/, max: 255, isOptional: true };
const URL_RULE = { pattern: /^(https|s3):\/\/([^/]+)\/?(.*)$/, max: 1024, isOptional: true };

function checkContainer(problems: Problems, at: string, container: ContainerDefinition): void {
  problems
    .text(`${at}.containerHostname`, container.ContainerHostname, HOSTNAME_RULE)
    .text(`${at}.image`, container.Image, IMAGE_RULE)
    .text(`${at}.modelDataUrl`, container.ModelDataUrl, URL_RULE)
    .text(`${at}.mode`, container.Mode, { oneOf: ['SingleModel', 'MultiModel'], isOptional: true });
  const cacheSetting = container.MultiModelConfig?.ModelCacheSetting;
  problems.text(`${at}.multiModelConfig.modelCacheSetting`, cacheSetting, {
    oneOf: ['Enabled', 'Disabled'],
    isOptional: true,
  });
  const variables = Object.entries(container.Environment ?? {});
  problems.list(`${at}.environment`, variables, { min: 0, max: MAX_VARIABLES });
  for (const [key, value] of variables) {
    problems.text(`${at}.environment.key`, key, { pattern: /^[a-zA-Z_][a-zA-Z0-9_]*$/, max: 1024 });
    problems.text(`${at}.environment.value`, value, { max: 1024 });
  }
}

/** The rules between members. */
function checkTogether(
  input: SdkValues,
  containers: readonly ContainerDefinition[],
  isDirect: boolean,
): void {
  if (input.PrimaryContainer !== undefined && input.Containers !== undefined)
    throw invalid('You cannot specify both PrimaryContainer and Containers in the same request.');
  if (containers.length === 0) throw invalid('You must specify either PrimaryContainer or Containers.');
  if (
    containers.some((container) => container.Image === undefined && container.ModelPackageName === undefined)
  )
    throw invalid('You must specify either Image or ModelPackageName for each container.');
  const texts = containers.flatMap(({ Environment }) => Object.entries(Environment ?? {}).flat());
  if (Buffer.byteLength(texts.join('')) > MAX_ENVIRONMENT_BYTES)
    throw invalid('The environment variables of all containers of a model must not exceed 32 KB.');
  checkMultiModel(containers);
  checkHostnames(containers, isDirect);
}

function checkMultiModel(containers: readonly ContainerDefinition[]): void {
  const multiModel = containers.filter((container) => container.Mode === 'MultiModel');
  if (multiModel.length > 1)
    throw invalid('More than one container in MultiModel mode is not supported with inference pipeline.');
  for (const container of multiModel) {
    const prefix = container.ModelDataUrl ?? container.ModelDataSource?.S3DataSource?.S3Uri;
    if (prefix === undefined) throw invalid('ModelDataUrl is required for a container in MultiModel mode.');
  }
}

function checkHostnames(containers: readonly ContainerDefinition[], isDirect: boolean): void {
  const names = containers.flatMap((container) => container.ContainerHostname ?? []);
  if (names.length !== 0 && names.length !== containers.length)
    throw invalid('ContainerHostname must be specified for all containers or for none of them.');
  if (new Set(names).size !== names.length)
    throw invalid('ContainerHostname must be unique among the containers of a model.');
  if (isDirect && names.length === 0)
    throw invalid(
      'ContainerHostname is required for every container when InferenceExecutionConfig Mode is Direct.',
    );
}
