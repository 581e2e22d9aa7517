// Models in series behind one invocation. `serveSeries` runs those of one artefact in their order, each exactly as it
// would run alone, one's answer the next one's body. `handsOn` makes a model one of a series of containers: it takes
// what was collected before it and adds its own answer.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inspectArtefact } from '../artefact.ts';
import { readSeries, type SeriesModel } from '../series.ts';
import type { SeriesPlace } from '../settings.ts';
import {
  type Answers,
  answerOf,
  bodyOf,
  COLLECTED_TYPE,
  readCollected,
  writeAnswers,
  writeCollected,
} from './collected.ts';
import type {
  Invocation,
  InvocationAnswer,
  InvocationTimes,
  Served,
  ServedModelOptions,
} from './served-model.ts';

type Serve = (options: ServedModelOptions) => Promise<Served>;

interface Link {
  readonly model: SeriesModel;
  readonly served: Served;
}

/** @throws InferenceError InvalidArtefact, ModelOutOfMemory */
export async function serveSeries(options: ServedModelOptions, serve: Serve): Promise<Served> {
  const { folder } = options.artefact;
  const { models, collects = false } = readSeries(folder);
  const links: Link[] = [];
  const release = async (): Promise<void> => {
    for (const { served } of links) await served.release();
  };
  try {
    for (const model of models) links.push({ model, served: await serveLink(model, options, serve) });
  } catch (thrown) {
    await release();
    throw thrown;
  }
  const heaviest = links.find(({ served }) => served.thread === 'worker') ?? links[0]!;
  return {
    provider: heaviest.served.provider,
    passedOver: heaviest.served.passedOver,
    label: { model: options.name, version: '1' },
    thread: heaviest.served.thread,
    streamsInput: false,
    waiting: () => links.reduce((sum, { served }) => sum + served.waiting(), 0),
    invoke: (invocation) => invokeSeries(invocation, links, collects),
    release,
  };
}

async function serveLink(
  { name, folder, accept }: SeriesModel,
  options: ServedModelOptions,
  serve: Serve,
): Promise<Served> {
  const { settings } = options;
  const place = join(options.artefact.folder, folder);
  // One of the series may be a plain model beside others with handlers.
  const program = existsSync(join(place, 'code')) ? settings.program : undefined;
  const artefact = await inspectArtefact(place, { ...(program && { program }) });
  if (artefact.warning !== undefined) options.logger.warn(artefact.warning);
  const own = accept === undefined ? settings : { ...settings, defaultAccept: accept };
  return serve({ ...options, name: `${options.name}/${name}`, artefact, settings: own });
}

async function invokeSeries(
  invocation: Invocation,
  links: readonly Link[],
  collects: boolean,
): Promise<InvocationAnswer> {
  let { body, contentType } = invocation;
  let answers: Answers = {};
  const all: InvocationAnswer[] = [];
  for (const [i, { model, served }] of links.entries()) {
    const accept = i === links.length - 1 ? invocation.accept : '*/*';
    const answer = await served.invoke({ ...invocation, body, contentType, accept });
    all.push(answer);
    body = bodyOf(answer, model.name);
    ({ contentType } = answer);
    if (collects) answers = { ...answers, [model.name]: answerOf(answer, body) };
  }
  const times = sumTimes(all.map((answer) => answer.times));
  if (!collects) return { ...all.at(-1)!, times };
  return { body: writeAnswers(answers), contentType: 'application/json', times };
}

function sumTimes(times: readonly InvocationTimes[]): InvocationTimes {
  const sum = (name: keyof InvocationTimes): number => times.reduce((total, one) => total + one[name], 0);
  return {
    inputMs: sum('inputMs'),
    queueMs: sum('queueMs'),
    batchWaitMs: sum('batchWaitMs'),
    computeMs: sum('computeMs'),
    outputMs: sum('outputMs'),
    batchRows: Math.max(...times.map(({ batchRows }) => batchRows)),
    rows: times[0]!.rows,
  };
}

/** The model with what came before it unpacked and what comes after it told. */
export function handsOn(served: Served, { stage, accept, isLast }: SeriesPlace): Served {
  const invoke = async (invocation: Invocation): Promise<InvocationAnswer> => {
    const before = readCollected(invocation.body, invocation.contentType);
    const { body, contentType } = before;
    const answer = await served.invoke({ ...invocation, body, contentType, accept: accept ?? '*/*' });
    const own = bodyOf(answer, stage);
    const answers = { ...before.answers, [stage]: answerOf(answer, own) };
    if (isLast) return { ...answer, body: writeAnswers(answers), contentType: 'application/json' };
    const next = { answers, body: own, contentType: answer.contentType };
    return { ...answer, body: writeCollected(next), contentType: COLLECTED_TYPE };
  };
  return { ...served, invoke };
}
