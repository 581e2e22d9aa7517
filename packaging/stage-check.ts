// Checks the stages of pipelines with `flow: 'record'` against the signatures of the models they call: that an instance
// has the members that the model takes, and that a canary's or a shadow's model is of the kind of the one beside it.
// And that a nested pipeline is one of the project's own. What an expression does not tell is not held against it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import jsonata from 'jsonata';
import type { OnnxValue } from '../container/onnx/model-file.ts';
import { resolveFields } from '../statemachines/compile/expressions.ts';
import { allStages, branchesOf, type ShadowStage } from '../statemachines/composition.ts';
import type { EndpointTarget, InferenceStage, Pipeline, Stage } from '../statemachines/pipeline.ts';
import { type CheckedContainer, describeValue, signatureDifference } from './model-check.ts';
import { endpointOf } from './pipelines/names.ts';

/** @returns what is wrong, each in one line */
export function checkStages(pipelines: readonly Pipeline[], checked: readonly CheckedContainer[]): string[] {
  const names = pipelines.map(({ name }) => name);
  return pipelines.flatMap((pipeline) => {
    const stages = allStages(pipeline.stages);
    const problems = stages.flatMap((stage) =>
      problemsOf(stage, { checked, stages, names, isRecord: pipeline.flow === 'record' }),
    );
    const notes = signatureNotes(pipeline, checked).filter(({ isCertain }) => isCertain);
    return [...problems.map((problem) => `${pipeline.name}: ${problem}`), ...notes.map(({ text }) => text)];
  });
}

/**
 * The pipelines' entries at the API, `layers/seriatim/pipelines.ts`: each has one, and says so where no function reads
 * its records: without it numbers would stay text, and a default of the schema would not be filled in.
 */
export function checkEntries(
  pipelines: readonly Pipeline[],
  entries: Readonly<Record<string, { readonly startsWithInference?: boolean; readonly output?: unknown }>>,
): string[] {
  return pipelines.flatMap(({ name, stages, body }) => {
    const entry = entries[name];
    if (entry === undefined) return [`${name}: layers/seriatim/pipelines.ts has no entry for it`];
    const first = stages[0]!;
    const untold =
      entry.output === undefined
        ? [`${name}: its entry in layers/seriatim/pipelines.ts has no output, which answers are held to`]
        : [];
    if (first.kind === 'function' || body === 'payload' || entry.startsWithInference === true) return untold;
    return [
      ...untold,
      `${name}: its first stage, ${first.name}, is no function, so its entry needs startsWithInference: true`,
    ];
  });
}

/** The folders that function stages name. */
export function checkFunctions(pipelines: readonly Pipeline[], projectFolder: string): string[] {
  return pipelines.flatMap(({ name, stages }) =>
    allStages(stages).flatMap((stage) => {
      if (stage.kind !== 'function') return [];
      const file = `functions/${stage.function}/index.ts`;
      if (existsSync(join(projectFolder, file))) return [];
      return [`${name}: stage ${stage.name} calls functions/${stage.function}, and there is no ${file}`];
    }),
  );
}

/** `Choose(WeighApple | WeighPlum) → AddUnit` */
export function outline(stages: readonly Stage[]): string {
  const parts = stages.map((stage) => {
    const inside = branchesOf(stage).map((branch) => (branch.length === 0 ? '–' : outline(branch)));
    const separator = stage.kind === 'parallel' ? ' & ' : ' | ';
    return inside.length === 0 ? stage.name : `${stage.name}(${inside.join(separator)})`;
  });
  return parts.join(' → ');
}

interface Surroundings {
  readonly checked: readonly CheckedContainer[];
  readonly stages: readonly Stage[];
  /** Of the project's pipelines. */
  readonly names: readonly string[];
  readonly isRecord: boolean;
}

function problemsOf(stage: Stage, around: Surroundings): string[] {
  if (stage.kind === 'nested' && !around.names.includes(stage.pipeline.name))
    return [`${stage.name} nests ${stage.pipeline.name}, which statemachines/index.ts does not list`];
  if (!around.isRecord || (stage.kind !== 'inference' && stage.kind !== 'shadow')) return [];
  return [...instanceProblems(stage, around), ...versionProblems(stage, around)];
}

/** The members of an instance that is written as an object, against the names of the model's inputs. */
function instanceProblems(stage: InferenceStage | ShadowStage, { checked }: Surroundings): string[] {
  const first = containersOf(stage.endpoint, checked)[0];
  const members = membersOf(stage.instance ?? '');
  if (first?.signature === undefined || !first.takesInputs || members === undefined) return [];
  const inputs = first.signature.inputs.map(({ name }) => name);
  const missing = inputs.filter((name) => !members.includes(name));
  const strange = members.filter((name) => !inputs.includes(name));
  if (missing.length + strange.length === 0) return [];
  return [
    `${stage.name} sends ${members.join(', ')}; the model of ${first.endpoint} takes ${inputs.join(', ')}`,
  ];
}

/** A member of an instance that is the same of another model's answer: `"probabilities": {recognised}.probabilities`. */
const HANDED_ON = /"(\w+)"\s*:\s*\{(\w+)\}\.(\w+)\s*(?=[,}])/g;

export interface SignatureNote {
  /** Names both stages, what either model says, and the files. */
  readonly text: string;
  /** Whether nothing stands between that could make it fit: no handlers write the answer. */
  readonly isCertain: boolean;
}

/** Where a model takes another dtype or shape than the model has whose answer it is handed, stage by stage. */
export function signatureNotes(
  { name, stages }: Pipeline,
  checked: readonly CheckedContainer[],
): SignatureNote[] {
  const all = allStages(stages);
  return all.flatMap((stage) => {
    const first = stage.kind === 'inference' ? containersOf(stage.endpoint, checked)[0] : undefined;
    if (stage.kind !== 'inference' || first?.signature === undefined || !first.takesInputs) return [];
    return [...(stage.instance ?? '').matchAll(HANDED_ON)].flatMap(([, member, field, given]) => {
      const input = first.signature!.inputs.find((one) => one.name === member);
      const giver = all.find((one) => answerField(one) === field);
      const from = giverContainer(giver, checked);
      const output = from?.signature?.outputs.find((one) => one.name === given);
      if (input === undefined || output === undefined || fitsAsJson(output, input)) return [];
      const text = `${name}: ${stage.name} takes ${describeValue(input)} (${first.file}), ${giver!.name} gives ${describeValue(output)} (${from!.file})`;
      return [{ text, isCertain: from!.givesOutputs }];
    });
  });
}

function answerField(stage: Stage): string | undefined {
  if (stage.kind === 'payload') return stage.answer.prediction;
  return stage.kind === 'inference' ? stage.into : undefined;
}

function giverContainer(
  stage: Stage | undefined,
  checked: readonly CheckedContainer[],
): CheckedContainer | undefined {
  return stage?.kind === 'payload' || stage?.kind === 'inference'
    ? containersOf(stage.endpoint, checked).at(-1)
    : undefined;
}

/** In JSON all numbers are alike; the first dimension counts the records. */
function fitsAsJson(output: OnnxValue, input: OnnxValue): boolean {
  const kind = ({ dtype }: OnnxValue): string => (dtype === 'string' || dtype === 'bool' ? dtype : 'number');
  const [given, taken] = [output.shape.slice(1), input.shape.slice(1)];
  if (kind(output) !== kind(input) || given.length !== taken.length) return false;
  return given.every(
    (size, i) => typeof size === 'string' || typeof taken[i] === 'string' || size === taken[i],
  );
}

/** The keys of an object constructor; undefined for any other expression. */
function membersOf(instance: string): string[] | undefined {
  const ast = jsonata(resolveFields(instance, (field) => `$states.input.${field}`)).ast();
  if (ast.type !== 'unary' || ast.value !== '{') return undefined;
  const keys = (ast.lhs as unknown as { type: string; value: string }[][]).map(([key]) => key!);
  return keys.every(({ type }) => type === 'string') ? keys.map(({ value }) => value) : undefined;
}

function versionProblems(stage: InferenceStage | ShadowStage, around: Surroundings): string[] {
  const { checked } = around;
  const [version, own] =
    stage.kind === 'inference'
      ? [stage.canary?.endpoint, stage.endpoint]
      : [stage.endpoint, shadowedBy(stage, around.stages)];
  if (version === undefined || own === undefined) return [];
  const others = containersOf(version, checked);
  return containersOf(own, checked).flatMap((container, i) => {
    const difference = others[i] && signatureDifference(others[i], container);
    return difference === undefined ? [] : [`${stage.name}, ${others[i]!.endpoint}: ${difference}`];
  });
}

/** The endpoint whose whole answer a shadow's is compared with. */
function shadowedBy({ against }: ShadowStage, stages: readonly Stage[]): EndpointTarget | undefined {
  const found = stages.find((stage) => stage.kind === 'inference' && against === `{${stage.into}}`);
  return found?.kind === 'inference' ? found.endpoint : undefined;
}

function containersOf(
  { placeholder }: EndpointTarget,
  checked: readonly CheckedContainer[],
): CheckedContainer[] {
  return checked.filter(({ endpoint }) => endpoint === endpointOf(placeholder));
}
