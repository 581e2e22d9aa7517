// Checks the models against the endpoints that serve them, from the artefacts' own signatures and before anything runs:
// that each container has a model, that the models of a multi-model container are of one kind, and that in an
// inference pipeline each container's outputs are the next one's inputs, in the content type that the definition says.
// Handlers may turn anything into anything, so what stands behind one is left to the run of samples.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { type OnnxFile, type OnnxValue, readOnnxFile } from '../container/onnx/model-file.ts';
import type { EndpointContainer, EndpointTarget, EndpointVariant } from '../statemachines/pipeline.ts';
import type { ArtefactSource } from './artefacts.ts';
import { modelDataKey, variantsOf } from './pipelines/hosting.ts';
import { endpointOf } from './pipelines/names.ts';

export interface CheckedContainer {
  readonly endpoint: string;
  readonly container: string;
  readonly models: number;
  readonly hasHandlers: boolean;
  /** Whether the default handlers read its body by the model's inputs, and write its answer by the outputs. */
  readonly takesInputs: boolean;
  readonly givesOutputs: boolean;
  /** Of the first model; undefined where there is none. */
  readonly signature: Pick<OnnxFile, 'inputs' | 'outputs'> | undefined;
  /** The file that it was read from, from the working directory on. */
  readonly file: string | undefined;
  /** What is wrong, each in one line. */
  readonly problems: readonly string[];
}

export async function checkModels(
  targets: readonly EndpointTarget[],
  sources: readonly ArtefactSource[],
): Promise<CheckedContainer[]> {
  const checked: CheckedContainer[] = [];
  for (const target of targets) {
    const [own, ...others] = await Promise.all(
      variantsOf(target).map((variant) => checkVariant({ target, variant }, sources)),
    );
    checked.push(
      ...own!,
      ...others.flatMap((one) => one.map((container, i) => withOwn(container, own![i]!))),
    );
  }
  return checked;
}

interface Version {
  readonly target: EndpointTarget;
  readonly variant: EndpointVariant | undefined;
}

async function checkVariant(
  version: Version,
  sources: readonly ArtefactSource[],
): Promise<CheckedContainer[]> {
  const containers: CheckedContainer[] = [];
  for (const container of version.target.containers)
    containers.push(await checkContainer(version, container, sources));
  return containers.map((one, i) => withNeighbour(one, containers[i + 1]));
}

/** What another version of a container takes or gives otherwise. */
function withOwn(one: CheckedContainer, own: CheckedContainer): CheckedContainer {
  const difference = signatureDifference(one, own);
  return difference === undefined ? one : { ...one, problems: [...one.problems, difference] };
}

/** Undefined where the two are alike, or handlers may make them so. */
export function signatureDifference(one: CheckedContainer, other: CheckedContainer): string | undefined {
  if (one.signature === undefined || other.signature === undefined) return undefined;
  if (one.hasHandlers || other.hasHandlers) return undefined;
  const [found, wanted] = [describe(one.signature), describe(other.signature)];
  if (found === wanted) return undefined;
  return `its model is ${found} (${one.file}), unlike that of ${other.endpoint}: ${wanted} (${other.file})`;
}

async function checkContainer(
  { target, variant }: Version,
  container: EndpointContainer,
  sources: readonly ArtefactSource[],
): Promise<CheckedContainer> {
  const key = modelDataKey(target, container, variant);
  const own = sources.filter((source) => source.key.startsWith(key));
  const hasHandlers = own.some(({ entries }) => entries.some(({ path }) => /^code\/inference\./.test(path)));
  const code = await readHandlers(own);
  const [takesInputs, givesOutputs] = [!TURNS_INPUT.test(code), !TURNS_OUTPUT.test(code)];
  const version = variant === undefined ? '' : `@${variant.name}`;
  const place = { endpoint: endpointOf(target.placeholder) + version, container: container.name };
  const models = own.flatMap(({ entries }) => entries.filter(({ path }) => path === 'model.onnx'));
  const first = models[0] && (await readSignature(models[0].file));
  const problems: string[] = [
    ...(first === undefined ? missingModel(hasHandlers, code) : []),
    ...(givesOutputs && first !== undefined ? contentTypeProblems(target, container) : []),
  ];
  for (const { file } of models.slice(1)) {
    const other = describe(await readSignature(file));
    if (other !== describe(first!))
      problems.push(`${relative('', file)} is ${other}, unlike the others: ${describe(first!)}`);
  }
  return {
    ...place,
    models: models.length,
    hasHandlers,
    takesInputs,
    givesOutputs,
    signature: first,
    file: models[0] && relative('', models[0].file),
    problems,
  };
}

/** Handlers by name in the code; one that is only mentioned counts, so that nothing right is refused. */
const TURNS_INPUT = /\b(?:modelFn|inputFn|transformFn)\b/;
const TURNS_OUTPUT = /\b(?:modelFn|predictFn|outputFn|transformFn)\b/;

async function readHandlers(sources: readonly ArtefactSource[]): Promise<string> {
  const entry = sources[0]?.entries.find(({ path }) => /^code\/inference\./.test(path));
  return entry === undefined ? '' : readFile(entry.file, 'utf8');
}

/** Handlers need no model that bring their own, or whose `predictFn` runs none. */
function missingModel(hasHandlers: boolean, code: string): string[] {
  if (!hasHandlers) return ['it has neither model.onnx nor handlers'];
  if (/\b(?:modelFn|transformFn)\b/.test(code)) return [];
  if (/\bpredictFn\b/.test(code) && !/\bOnnxModel\b|\bmodel\b[^\n]*\.run\(/.test(code)) return [];
  return ['its model.onnx is missing, and its handlers open no model of their own'];
}

/** What the default handlers answer in a series is what the container's environment says, JSON unless told. */
function contentTypeProblems(target: EndpointTarget, container: EndpointContainer): string[] {
  if (target.containers.indexOf(container) === target.containers.length - 1) return [];
  const { answers = 'application/json', environment = {} } = container;
  const own = environment.SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT ?? 'application/json';
  if (own === answers) return [];
  return [
    `the definition says that it answers ${answers}; by its SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT it answers ${own}`,
  ];
}

async function readSignature(file: string): Promise<Pick<OnnxFile, 'inputs' | 'outputs'>> {
  try {
    return readOnnxFile(await readFile(file));
  } catch (cause) {
    throw new Error(`${file} cannot be read as an ONNX model: ${(cause as Error).message}`, { cause });
  }
}

/** What the next container takes and this one does not give, or gives otherwise. */
function withNeighbour(one: CheckedContainer, next: CheckedContainer | undefined): CheckedContainer {
  if (next?.signature === undefined || one.signature === undefined) return one;
  if (!one.givesOutputs || !next.takesInputs) return one;
  const outputs = new Map(one.signature.outputs.map((output) => [output.name, output]));
  const problems = next.signature.inputs
    .filter((input) => !fits(outputs.get(input.name), input))
    .map((input) => {
      const given = outputs.get(input.name);
      const found = given === undefined ? 'no such output' : describeValue(given);
      return `the container ${next.container} takes ${describeValue(input)} (${next.file}), this one gives ${found} (${one.file})`;
    });
  return { ...one, problems: [...one.problems, ...problems] };
}

/** A dimension that is a word may be any number. */
function fits(output: OnnxValue | undefined, input: OnnxValue): boolean {
  if (output === undefined || output.dtype !== input.dtype) return false;
  if (output.shape.length !== input.shape.length) return false;
  return output.shape.every((size, i) => {
    const wanted = input.shape[i]!;
    return typeof size === 'string' || typeof wanted === 'string' || size === wanted;
  });
}

/** `features float32 [N, 10] → log_price float32 [N, 1]` */
export function describe({ inputs, outputs }: Pick<OnnxFile, 'inputs' | 'outputs'>): string {
  return `${inputs.map(describeValue).join(', ')} → ${outputs.map(describeValue).join(', ')}`;
}

export function describeValue({ name, dtype, shape }: OnnxValue): string {
  return `${name} ${dtype} [${shape.join(', ')}]`;
}
