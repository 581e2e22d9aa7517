// Triton's model repository layout in an artefact, as its SageMaker image takes it: `<model>/config.pbtxt` and
// `<model>/<version>/model.onnx` at the root. One model answers; an ensemble brings those that it is made of.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceError } from '../errors.ts';
import type { ModelSource } from '../instances/protocol.ts';
import { createPredictor, type Predictor, type PredictorOptions } from '../serving/predictor.ts';
import type { BatchSettings } from '../settings.ts';
import { type EnsembleStep, readConfig, type TritonConfig } from './config.ts';
import { createEnsemble, type RunnableStep } from './ensemble.ts';
import { configuredSignature, declareSignature } from './signature.ts';

export interface OpenedRepository {
  readonly name: string;
  readonly version: string;
  readonly predictor: Predictor;
}

/** Triton's own default where a model has no `config.pbtxt` and a batch axis. */
const AUTO_COMPLETED_BATCH = 4;

/** @throws InferenceError InvalidArtefact, naming the file and the field or model at fault */
export async function openRepository(
  source: ModelSource,
  options: PredictorOptions,
): Promise<OpenedRepository> {
  const models = await readModels(source.folder);
  const chosen = chooseModel(models, source.folder, options.settings.tritonModel);
  const loader: Loader = { source, options, models, opened: new Map(), opening: [] };
  const { predictor, version } = await open(chosen, loader);
  return { name: chosen.name, version, predictor };
}

interface RepositoryModel {
  readonly name: string;
  readonly folder: string;
  /** Absent where the model has none: Triton completes it from the file. */
  readonly config: TritonConfig | undefined;
}

interface OpenedModel {
  readonly predictor: Predictor;
  readonly version: string;
}

interface Loader {
  readonly source: ModelSource;
  readonly options: PredictorOptions;
  readonly models: readonly RepositoryModel[];
  readonly opened: Map<string, OpenedModel>;
  /** The ensembles being opened, outermost first. */
  readonly opening: string[];
}

async function readModels(folder: string): Promise<RepositoryModel[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'code')
    .map(({ name }) => name);
  return Promise.all(names.sort().map((name) => readModel(join(folder, name), name)));
}

async function readModel(folder: string, name: string): Promise<RepositoryModel> {
  const file = join(folder, 'config.pbtxt');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const config = text === undefined ? undefined : naming(file, () => readConfig(text));
  if (config?.name === undefined || config.name === name) return { name, folder, config };
  throw refused(file, `its name is "${config.name}", its folder "${name}"`);
}

function chooseModel(
  models: readonly RepositoryModel[],
  folder: string,
  wanted: string | undefined,
): RepositoryModel {
  const ensembles = models.filter(({ config }) => config?.backend === 'ensemble');
  const [only, ...others] =
    wanted !== undefined
      ? models.filter(({ name }) => name === wanted)
      : ensembles.length === 1
        ? ensembles
        : models;
  if (only !== undefined && others.length === 0) return only;
  const names = models.map(({ name }) => `"${name}"`).join(', ');
  const reason =
    wanted === undefined
      ? 'name the one that answers in SAGEMAKER_TRITON_DEFAULT_MODEL_NAME'
      : `"${wanted}" is not among them`;
  throw refused(folder, `the repository holds ${names}: ${reason}`);
}

function open(model: RepositoryModel, loader: Loader): Promise<OpenedModel> {
  return model.config?.backend === 'ensemble'
    ? openEnsemble(model, model.config, loader)
    : openOnnx(model, loader);
}

async function openEnsemble(
  { name, folder }: RepositoryModel,
  config: TritonConfig,
  loader: Loader,
): Promise<OpenedModel> {
  const file = join(folder, 'config.pbtxt');
  if (loader.opening.includes(name))
    throw refused(file, `the ensemble contains itself: ${[...loader.opening, name].join(' → ')}`);
  loader.opening.push(name);
  const steps: RunnableStep[] = [];
  for (const step of config.steps) steps.push({ ...step, predictor: await openStep(step, file, loader) });
  loader.opening.pop();
  const predictor = naming(file, () => createEnsemble(configuredSignature(config), steps));
  return { predictor: boundBatch(predictor, name, config.maxBatchSize), version: '1' };
}

async function openStep({ modelName }: EnsembleStep, file: string, loader: Loader): Promise<Predictor> {
  const known = loader.opened.get(modelName);
  if (known !== undefined) return known.predictor;
  const model = loader.models.find(({ name }) => name === modelName);
  if (model === undefined) throw refused(file, `the repository has no model "${modelName}"`);
  const opened = await open(model, loader);
  loader.opened.set(modelName, opened);
  return opened.predictor;
}

async function openOnnx(model: RepositoryModel, { source, options, models }: Loader): Promise<OpenedModel> {
  const { name, folder, config } = model;
  const version = await chooseVersion(model);
  const onnxFile = join(folder, version, config?.modelFile ?? 'model.onnx');
  // Threads and metrics know a model by its name; those of one repository share a prefix.
  const ownName = models.length === 1 ? source.name : `${source.name}/${name}`;
  const own = { ...source, name: ownName, folder, onnxFile };
  const predictor = await createPredictor(own, { ...options, ...configuredOptions(model) });
  const maxBatchSize = config?.maxBatchSize ?? (predictor.signature.isBatched ? AUTO_COMPLETED_BATCH : 0);
  return { predictor: boundBatch(predictor, name, maxBatchSize), version };
}

function configuredOptions({ folder, config }: RepositoryModel): Partial<PredictorOptions> {
  if (config === undefined || config.inputs.length === 0) {
    return {
      batching: batchSettings(
        config?.maxBatchSize ?? AUTO_COMPLETED_BATCH,
        config?.dynamicBatching ?? { preferred: [], delayMs: 0 },
      ),
    };
  }
  const file = join(folder, 'config.pbtxt');
  return {
    instances: config.instances,
    batching: batchSettings(config.dynamicBatching ? config.maxBatchSize : 1, config.dynamicBatching),
    declare: (found) => naming(file, () => declareSignature(config, found)),
  };
}

function batchSettings(maxRows: number, batching: TritonConfig['dynamicBatching']): BatchSettings {
  return {
    maxRows: Math.max(1, maxRows),
    delayMs: batching?.delayMs ?? 0,
    preferredRows: batching?.preferred ?? [],
  };
}

async function chooseVersion({ folder, config }: RepositoryModel): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const versions = entries
    .filter((entry) => entry.isDirectory() && /^[1-9]\d*$/.test(entry.name))
    .map(({ name }) => Number(name));
  const policy = config?.versions;
  const allowed =
    policy?.kind === 'specific' ? versions.filter((version) => policy.versions.includes(version)) : versions;
  if (allowed.length === 0) throw refused(folder, 'it holds no version that its policy allows');
  const version = String(Math.max(...allowed));
  const file = join(folder, version, config?.modelFile ?? 'model.onnx');
  await stat(file).catch(() => {
    throw refused(folder, `${file} is not there`);
  });
  return version;
}

/** Triton refuses a request of more rows than `max_batch_size`; so does this, in its words. */
function boundBatch(predictor: Predictor, name: string, maxBatchSize: number): Predictor {
  if (maxBatchSize === 0) return predictor;
  return {
    ...predictor,
    predict: async (request) => {
      if (request.rows <= maxBatchSize) return predictor.predict(request);
      throw new InferenceError(
        'InvalidPayload',
        `inference request batch-size must be <= ${maxBatchSize} for '${name}'`,
      );
    },
  };
}

/** Names the file in what is found wrong with it. */
function naming<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof InferenceError ? thrown : refused(file, (thrown as Error).message);
  }
}

function refused(place: string, reason: string): InferenceError {
  return new InferenceError('InvalidArtefact', `${place}: ${reason}.`);
}
