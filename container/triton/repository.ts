// Triton's model repository layout in an artefact, as its SageMaker image takes it: `<model>/config.pbtxt` and
// `<model>/<version>/model.onnx` at the root. One model answers; an ensemble brings those that it is made of.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceError, toInferenceError } from '../errors.ts';
import type { ModelSource } from '../instances/protocol.ts';
import type { BatchRequest } from '../serving/batcher.ts';
import type { ModelLabel, ModelMetrics } from '../serving/metrics.ts';
import { createPredictor, type Predictor, type PredictorOptions } from '../serving/predictor.ts';
import { withResponseCache } from '../serving/response-cache.ts';
import type { BatchSettings } from '../settings.ts';
import { type EnsembleStep, readConfig, type TritonConfig } from './config.ts';
import { createEnsemble, type RunnableStep } from './ensemble.ts';
import { configuredSignature, declareSignature } from './signature.ts';

export interface OpenedRepository {
  readonly name: string;
  readonly label: ModelLabel;
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
  const { predictor, label } = await open(chosen, loader);
  return { name: chosen.name, label, predictor };
}

interface RepositoryModel {
  readonly name: string;
  readonly folder: string;
  /** Absent where the model has none: Triton completes it from the file. */
  readonly config: TritonConfig | undefined;
}

interface OpenedModel {
  readonly predictor: Predictor;
  readonly label: ModelLabel;
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

function open(model: RepositoryModel, loader: Loader, wanted?: number): Promise<OpenedModel> {
  return model.config?.backend === 'ensemble'
    ? openEnsemble(model, model.config, loader)
    : openOnnx(model, loader, wanted);
}

async function openEnsemble(
  model: RepositoryModel,
  config: TritonConfig,
  loader: Loader,
): Promise<OpenedModel> {
  const { name, folder } = model;
  const file = join(folder, 'config.pbtxt');
  if (loader.opening.includes(name))
    throw refused(file, `the ensemble contains itself: ${[...loader.opening, name].join(' → ')}`);
  const isTop = loader.opening.length === 0;
  loader.opening.push(name);
  const steps: RunnableStep[] = [];
  for (const step of config.steps) steps.push({ ...step, predictor: await openStep(step, file, loader) });
  loader.opening.pop();
  const ensemble = naming(file, () => createEnsemble(configuredSignature(config), steps));
  const label = labelOf(loader, { name, version: await ensembleVersion(model), isTop });
  const { ran } = loader.options.metrics.model(label);
  const counted = {
    ...ensemble,
    predict: async (request: BatchRequest) => {
      const answer = await ensemble.predict(request);
      ran(request.rows);
      return answer;
    },
  };
  return { predictor: finish(counted, { model, label, isTop }, loader), label };
}

/** An ensemble's version folders are empty, and may be left out here. */
async function ensembleVersion({ folder, config }: RepositoryModel): Promise<string> {
  return String((await allowedVersions(folder, config))[0] ?? 1);
}

async function openStep(step: EnsembleStep, file: string, loader: Loader): Promise<Predictor> {
  const model = loader.models.find(({ name }) => name === step.modelName);
  if (model === undefined) throw refused(file, `the repository has no model "${step.modelName}"`);
  const isEnsemble = model.config?.backend === 'ensemble';
  const version = isEnsemble ? undefined : Number(await chooseVersion(model, step.version));
  const key = `${model.name}:${version}`;
  const known = loader.opened.get(key);
  if (known !== undefined) return known.predictor;
  const opened = await open(model, loader, version);
  loader.opened.set(key, opened);
  return opened.predictor;
}

async function openOnnx(model: RepositoryModel, loader: Loader, wanted?: number): Promise<OpenedModel> {
  const { source, options, models } = loader;
  const { name, folder, config } = model;
  const version = await chooseVersion(model, wanted);
  const onnxFile = join(folder, version, config?.modelFile ?? 'model.onnx');
  const isTop = loader.opening.length === 0;
  // Threads know a model by its name; those of one repository share a prefix.
  const ownName = models.length === 1 ? source.name : `${source.name}/${name}/${version}`;
  const own = { ...source, name: ownName, folder, onnxFile };
  const label = labelOf(loader, { name, version, isTop });
  const predictor = await createPredictor(own, { ...options, ...configuredOptions(model), label });
  return { predictor: finish(predictor, { model, label, isTop }, loader), label };
}

/**
 * A repository that is the one model goes by Triton's own names, so that its dashboards fit; one among many models by
 * the name that the container knows it by.
 */
function labelOf(
  { source, options }: Loader,
  { name, version, isTop }: { name: string; version: string; isTop: boolean },
): ModelLabel {
  if (!options.settings.isMultiModel) return { model: name, version };
  return { model: isTop ? source.name : `${source.name}/${name}`, version };
}

interface Finished {
  readonly model: RepositoryModel;
  readonly label: ModelLabel;
  /** Whether it is the one that answers: the registry counts its requests, and forgets them. */
  readonly isTop: boolean;
}

/** The bound on rows, the response cache, and the counts of a model that an ensemble calls. */
function finish(predictor: Predictor, { model, label, isTop }: Finished, { options }: Loader): Predictor {
  const { name, config } = model;
  const { metrics, responseCache } = options;
  const completed = predictor.signature.isBatched ? AUTO_COMPLETED_BATCH : 0;
  const bounded = boundBatch(predictor, name, config?.maxBatchSize ?? completed);
  const cached =
    config?.isCached && responseCache !== undefined
      ? withResponseCache(bounded, { cache: responseCache, label, metrics: metrics.model(label) })
      : bounded;
  if (isTop) return cached;
  let released: Promise<void> | undefined;
  return {
    ...countRequests(cached, metrics.model(label)),
    // Several steps may share it.
    release: () => {
      released ??= cached.release().then(() => metrics.forget(label));
      return released;
    },
  };
}

/** What an ensemble asks of a model of its own are requests to it, as Triton counts them. */
function countRequests(predictor: Predictor, metrics: ModelMetrics): Predictor {
  return {
    ...predictor,
    predict: async (request) => {
      const startedAt = performance.now();
      try {
        const answer = await predictor.predict(request);
        const times = { ...answer, inputMs: 0, outputMs: 0, rows: request.rows };
        metrics.succeeded(times, performance.now() - startedAt, false);
        return answer;
      } catch (thrown) {
        metrics.failed(toInferenceError(thrown).statusCode);
        throw thrown;
      }
    },
  };
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

/** @param wanted an ensemble's step may ask for one */
async function chooseVersion({ folder, config }: RepositoryModel, wanted?: number): Promise<string> {
  const allowed = await allowedVersions(folder, config);
  const chosen = wanted ?? allowed[0];
  if (chosen === undefined) throw refused(folder, 'it holds no version that its policy allows');
  if (!allowed.includes(chosen)) throw refused(folder, `its policy allows no version ${chosen}`);
  const file = join(folder, String(chosen), config?.modelFile ?? 'model.onnx');
  await stat(file).catch(() => {
    throw refused(folder, `${file} is not there`);
  });
  return String(chosen);
}

/** Latest first. */
async function allowedVersions(folder: string, config: TritonConfig | undefined): Promise<number[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const versions = entries
    .filter((entry) => entry.isDirectory() && /^[1-9]\d*$/.test(entry.name))
    .map(({ name }) => Number(name))
    .sort((a, b) => b - a);
  const policy = config?.versions ?? { kind: 'latest', count: 1 };
  if (policy.kind === 'all') return versions;
  if (policy.kind === 'latest') return versions.slice(0, policy.count);
  return versions.filter((version) => policy.versions.includes(version));
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
