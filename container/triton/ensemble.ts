// Triton's ensembles: models joined by named tensors. A step runs as soon as its inputs are there, so steps that do not
// wait for each other run side by side; each step keeps its own batcher.
import { InferenceError } from '../errors.ts';
import type { BatchAnswer, BatchRequest } from '../serving/batcher.ts';
import type { Predictor } from '../serving/predictor.ts';
import type { Signature, Tensor, Tensors } from '../tensors.ts';
import type { EnsembleStep } from './config.ts';

export interface RunnableStep extends EnsembleStep {
  readonly predictor: Predictor;
}

/** @throws TypeError for steps that do not fit together: names, dtypes, a tensor that nobody makes, a circle */
export function createEnsemble(signature: Signature, steps: readonly RunnableStep[]): Predictor {
  checkSteps(signature, steps);
  const providers = [...new Set(steps.map(({ predictor }) => predictor.provider))];
  return {
    signature,
    provider: providers.join('+'),
    passedOver: [...new Set(steps.flatMap(({ predictor }) => predictor.passedOver))],
    thread: steps.every(({ predictor }) => predictor.thread === 'server') ? 'server' : 'worker',
    predict: (request) => runSteps(signature, steps, request),
    waiting: () => steps.reduce((sum, { predictor }) => sum + predictor.waiting(), 0),
    release: async () => {
      await Promise.all(
        [...new Set(steps.map(({ predictor }) => predictor))].map((predictor) => predictor.release()),
      );
    },
  };
}

async function runSteps(
  signature: Signature,
  steps: readonly RunnableStep[],
  request: BatchRequest,
): Promise<BatchAnswer> {
  const known = new Map<string, Tensor>(Object.entries(request.tensors));
  const answers: BatchAnswer[] = [];
  let left = steps;
  while (left.length > 0) {
    const ready = left.filter((step) => [...step.inputMap.values()].every((name) => known.has(name)));
    const made = await Promise.all(ready.map((step) => runStep(step, known, request)));
    ready.forEach((step, index) => {
      for (const [output, name] of step.outputMap) known.set(name, made[index]!.tensors[output]!);
    });
    answers.push(...made);
    left = left.filter((step) => !ready.includes(step));
  }
  const tensors = Object.fromEntries(signature.outputs.map(({ name }) => [name, known.get(name)!]));
  return { tensors, ...sumTimes(answers) };
}

function runStep(
  { predictor, inputMap, modelName }: RunnableStep,
  known: ReadonlyMap<string, Tensor>,
  request: BatchRequest,
): Promise<BatchAnswer> {
  const tensors: Tensors = Object.fromEntries(
    [...inputMap].map(([input, name]) => [input, known.get(name)!]),
  );
  const rows = predictor.signature.isBatched ? Object.values(tensors)[0]!.shape[0]! : 1;
  return predictor.predict({ ...request, tensors, rows }).catch((thrown: unknown) => {
    if (thrown instanceof InferenceError && thrown.name === 'InvalidPayload') {
      throw new InferenceError('InvalidPayload', `in ensemble step "${modelName}": ${thrown.message}`, {
        cause: thrown,
      });
    }
    throw thrown;
  });
}

function sumTimes(answers: readonly BatchAnswer[]): Omit<BatchAnswer, 'tensors'> {
  return {
    queueMs: answers.reduce((sum, { queueMs }) => sum + queueMs, 0),
    batchWaitMs: answers.reduce((sum, { batchWaitMs }) => sum + batchWaitMs, 0),
    computeMs: answers.reduce((sum, { computeMs }) => sum + computeMs, 0),
    batchRows: Math.max(...answers.map(({ batchRows }) => batchRows)),
  };
}

function checkSteps(signature: Signature, steps: readonly RunnableStep[]): void {
  const dtypes = new Map<string, string>(signature.inputs.map(({ name, dtype }) => [name, dtype]));
  let left = steps;
  while (left.length > 0) {
    const ready = left.filter((step) => [...step.inputMap.values()].every((name) => dtypes.has(name)));
    if (ready.length === 0) throw neverMade(left, dtypes);
    for (const step of ready) checkStep(step, dtypes);
    left = left.filter((step) => !ready.includes(step));
  }
  const taken = new Set(steps.flatMap(({ inputMap }) => [...inputMap.values()]));
  const unused = signature.inputs.find(({ name }) => !taken.has(name));
  if (unused !== undefined) throw new TypeError(`the ensemble's input "${unused.name}" is taken by no step`);
  for (const { name, dtype } of signature.outputs) {
    if (dtypes.get(name) === dtype) continue;
    throw new TypeError(
      `the ensemble's output "${name}" of ${dtype} is ${dtypes.get(name) ?? 'made by no step'}`,
    );
  }
}

function neverMade(left: readonly RunnableStep[], dtypes: ReadonlyMap<string, string>): TypeError {
  const [step] = left;
  const missing = [...step!.inputMap.values()].find((name) => !dtypes.has(name));
  return new TypeError(
    `the tensor "${missing}" that step "${step!.modelName}" takes is made by no step before it`,
  );
}

function checkStep(
  { modelName, predictor, inputMap, outputMap }: RunnableStep,
  dtypes: Map<string, string>,
): void {
  const { inputs, outputs } = predictor.signature;
  for (const { name, dtype } of inputs) {
    const tensor = inputMap.get(name);
    if (tensor === undefined) throw new TypeError(`step "${modelName}" is given no "${name}"`);
    if (dtypes.get(tensor) !== dtype)
      throw new TypeError(
        `step "${modelName}" takes ${dtype} for "${name}", "${tensor}" is ${dtypes.get(tensor)}`,
      );
  }
  for (const [output, tensor] of outputMap) {
    const spec = outputs.find(({ name }) => name === output);
    if (spec === undefined) throw new TypeError(`step "${modelName}" has no output "${output}"`);
    if (dtypes.has(tensor))
      throw new TypeError(`step "${modelName}" makes the tensor "${tensor}", which is there before it`);
    dtypes.set(tensor, spec.dtype);
  }
  for (const input of inputMap.keys()) {
    if (!inputs.some(({ name }) => name === input))
      throw new TypeError(`step "${modelName}" has no input "${input}"`);
  }
}
