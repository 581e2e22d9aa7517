// The hop of an invocation through a multi-model container: the target model is held while it serves, loaded first
// when it is cold, and loaded again once when the container has lost it or ran out of memory.
import { ArtefactMissing, ArtefactRefused, VolumeFull } from '../artefacts/problem.ts';
import type { Container } from '../hosting/container.ts';
import type { AnswerSink, ContainerAnswer } from '../hosting/container-client.ts';
import type { Deadline } from '../hosting/deadline.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { VariantMetrics } from '../hosting/variant-metrics.ts';
import { type CachedModel, type ModelCache, ModelLoadFailed } from '../multi-model/cache.ts';
import type { LoadReport } from '../multi-model/load-report.ts';
import { artefactError, modelError, modelNotReady, validationError } from './errors.ts';

export interface MultiModelHop {
  readonly container: Container;
  readonly targetModel: string;
  readonly headers: string[];
  readonly body: Uint8Array | string;
  readonly sink: AnswerSink | undefined;
  readonly endpointName: string;
  readonly deadline: Deadline;
  readonly context: HostContext;
  readonly metrics: VariantMetrics;
}

export interface HopOutcome {
  readonly answer: ContainerAnswer;
  readonly modelLoad: LoadReport | 'warm';
  /** Spent waiting for the model to load: no part of the model's latency. */
  readonly waitMs: number;
}

export async function invokeTargetModel(hop: MultiModelHop): Promise<HopOutcome> {
  const models = hop.container.models!;
  const warm = models.holdWarm(hop.targetModel);
  hop.metrics.modelCacheHit.add(warm === undefined ? 0 : 1);
  if (warm === undefined) return invokeCold(hop, models);
  let answer: ContainerAnswer;
  try {
    answer = await send(hop, warm);
    if (answer.status === 404 && (await isLost(hop, warm))) models.forget(warm);
    else if (answer.status !== 507 || !(await models.evictOne()))
      return { answer, modelLoad: 'warm', waitMs: 0 };
  } finally {
    models.release(warm);
  }
  return invokeCold(hop, models);
}

async function invokeCold(hop: MultiModelHop, models: ModelCache): Promise<HopOutcome> {
  const { model, loaded } = models.hold(hop.targetModel);
  try {
    const startMs = performance.now();
    const resume = hop.deadline.pause();
    const report = await withinLoadWait(loaded, hop).finally(resume);
    const waitMs = performance.now() - startMs;
    hop.metrics.modelLoadingWaitTime.add(waitMs * 1000);
    return { answer: await send(hop, model), modelLoad: report ?? 'warm', waitMs };
  } catch (thrown) {
    throw describeLoadFailure(thrown, hop);
  } finally {
    models.release(model);
  }
}

function send(hop: MultiModelHop, model: CachedModel): Promise<ContainerAnswer> {
  const { headers, body, sink, deadline } = hop;
  return hop.container.exchange({ method: 'POST', path: model.invokePath, headers, body, sink }, deadline);
}

/** A 404 may be the model's own answer; the container knows whether it has the model. */
async function isLost(hop: MultiModelHop, model: CachedModel): Promise<boolean> {
  const path = `/models/${model.hash}`;
  const answer = await hop.container.exchange({ method: 'GET', path, headers: [] }, hop.deadline);
  return answer.status === 404;
}

/** @throws AwsError ModelNotReadyException when the wait is over first; the load goes on */
function withinLoadWait<Result>(loaded: Promise<Result>, { context }: MultiModelHop): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = context.clock.schedule(context.settings.modelLoadWaitMs, () => reject(modelNotReady()));
    loaded.then(resolve, reject).finally(cancel);
  });
}

function describeLoadFailure(thrown: unknown, { context, endpointName, container }: MultiModelHop): unknown {
  const { logGroup, plan } = container;
  const facts = { place: context.place, endpointName, logGroup, containerName: plan.name };
  if (thrown instanceof ArtefactMissing) return validationError(thrown.message);
  if (thrown instanceof ArtefactRefused)
    return artefactError({ ...facts, status: 400, originalMessage: thrown.message });
  if (thrown instanceof VolumeFull)
    return artefactError({ ...facts, status: 507, originalMessage: thrown.message });
  if (thrown instanceof ModelLoadFailed) {
    const { status, body } = thrown.answer;
    return modelError({ ...facts, status, originalMessage: body.toString('utf8') });
  }
  return thrown;
}
