// Starts the whole of Seriatim on one machine: packages the project, reads the very template that is deployed, and
// creates what it names in the services of `local/`. Called by `cli/commands/start.ts` and `dev.ts`, and by tests.
//
// Order: lock and ports first (what can be refused is refused before any work), then packaging, artefacts and
// services side by side, then the resources; containers start while functions are created.
import { prepareProject } from '../../packaging/process.ts';
import { DEFAULT_PLACE } from '../service.ts';
import { createWireServer } from '../wire/server.ts';
import { type Artefact, modelBucketId, uploadArtefacts } from './artefacts.ts';
import { type Closers, createClosers } from './closers.ts';
import { endpointsInService } from './endpoints.ts';
import { StartFailure } from './failure.ts';
import { openHttpApi } from './http-api.ts';
import { createProgress, type Progress, type Report } from './progress.ts';
import { nothingBuilt, type World } from './resources/resource-type.ts';
import { openRim, type Rim } from './rim.ts';
import { createServices, wireServices } from './services.ts';
import { type AfterCreated, createStack, planStack, type Stack } from './stack.ts';
import { readTemplate, type Template } from './template/model.ts';

export interface StartOptions {
  readonly projectFolder: string;
  /** 3000 unless told; 0 takes any free port. */
  readonly httpPort?: number;
  /** Where the HTTP API listens; loopback unless told. Anything wider needs `httpToken`. */
  readonly httpHost?: string;
  /** What requests from other machines must bear as `Authorization: Bearer …`. */
  readonly httpToken?: string;
  /** 4566 unless told; 0 takes any free port. */
  readonly awsPort?: number;
  /** Empties the state folder first. */
  readonly fresh?: boolean;
  /** `.seriatim` in the project folder unless told. */
  readonly stateFolder?: string;
  /** In place of the defaults of the template's parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly onProgress?: (report: Report) => void;
  /** Ends a start that is under way; what was opened is closed. */
  readonly signal?: AbortSignal;
}

export interface Running {
  readonly httpUrl: string;
  readonly awsUrl: string;
  readonly stack: Stack;
  readonly world: World;
  /** From the call to the last endpoint in service. */
  readonly startMs: number;
  /** Ends everything within two seconds and leaves no process behind. */
  close(): Promise<void>;
}

const STACK_NAME = 'seriatim-dev';

/** @throws StartFailure, TemplateError, or what packaging throws: each with one clear line */
export async function startSeriatim(options: StartOptions): Promise<Running> {
  const closers = createClosers();
  try {
    return await Promise.race([start(options, closers), aborted(options.signal)]);
  } catch (thrown) {
    await closers.close();
    throw thrown;
  }
}

/** Never resolves; rejects when the start is called off. What is under way finds its closers closed. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function start(options: StartOptions, closers: Closers): Promise<Running> {
  const begunMs = performance.now();
  checkAccess(options);
  const progress = createProgress(options.onProgress ?? (() => {}));
  progress.announce('template', 'artefacts', 'services', 'resources', 'HTTP API', 'endpoints');
  const rim = await openRim(options, { closers, pending: progress.pending });
  const prepared = prepare(options, { closers, progress });
  const world = await createWorld(options, { rim, closers, progress });
  rim.show({ world });
  const stack = await bootTemplate(options, { world, prepared, progress });
  rim.show({ world, stack });
  const openApi = (): Promise<string> => openHttpApi(world, rim.http, { closers, token: options.httpToken });
  await progress.step('HTTP API', openApi, (detail) => detail);
  const settled = (): Promise<string[]> => endpointsInService(world);
  await progress.step('endpoints', settled, (names) => `${names.join(', ')} in service`);
  await world.services.states.resume();
  // Other endpoints than the template's come back while the system is at work.
  void world.services.sagemaker.resume();
  return {
    httpUrl: rim.http.url,
    awsUrl: rim.aws.url,
    stack,
    world,
    startMs: performance.now() - begunMs,
    close: () => closers.close(),
  };
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Executions and their payloads are not for a whole network. @throws StartFailure */
function checkAccess({ httpHost, httpToken }: StartOptions): void {
  if (httpHost === undefined || LOOPBACK.has(httpHost) || (httpToken ?? '') !== '') return;
  throw new StartFailure(`SERIATIM_HTTP_HOST is ${httpHost}, which others can reach: set SERIATIM_TOKEN too`);
}

interface Prepared {
  readonly template: Promise<Template>;
  readonly artefacts: Promise<readonly Artefact[]>;
}

/** Begins what needs no service, so that it runs while the services are made. */
function prepare(
  { projectFolder }: StartOptions,
  { closers, progress }: { closers: Closers; progress: Progress },
): Prepared {
  const preparing = prepareProject(projectFolder);
  closers.add('packaging', () => preparing.end());
  const packaged = progress.step(
    'template',
    () => preparing.packaged,
    ({ fromCache }) => (fromCache ? 'unchanged' : 'packaged'),
  );
  const { artefacts } = preparing;
  const read = packaged.then(({ templateFile }) => readTemplate(templateFile));
  // A missing model is known long before a template is packaged: it does not wait for that.
  const template = Promise.race([read, artefacts.then(() => read)]);
  // Whoever awaits these meets their errors; until then they are not unhandled.
  for (const promise of [read, template, artefacts]) promise.catch(() => {});
  return { template, artefacts };
}

async function createWorld(
  { projectFolder }: StartOptions,
  { rim, closers, progress }: { rim: Rim; closers: Closers; progress: Progress },
): Promise<World> {
  const { state, aws, http } = rim;
  const services = await progress.step(
    'services',
    () => createServices({ place: DEFAULT_PLACE, projectFolder, state, awsEndpoint: aws.url, closers }),
    () => `AWS APIs on ${aws.url}`,
  );
  const wire = createWireServer({ services: wireServices(services) });
  aws.answerWith((request, response) => wire.emit('request', request, response));
  return {
    place: DEFAULT_PLACE,
    stackName: STACK_NAME,
    projectFolder,
    inlineCodeFolder: state.inlineCodeFolder,
    services,
    httpApiUrl: http.url,
    built: nothingBuilt(),
  };
}

async function bootTemplate(
  { parameters }: StartOptions,
  { world, prepared, progress }: { world: World; prepared: Prepared; progress: Progress },
): Promise<Stack> {
  const plan = planStack(await prepared.template, {
    place: world.place,
    stackName: world.stackName,
    ...(parameters === undefined ? {} : { parameters }),
  });
  const bucketId = modelBucketId(plan.template);
  const upload = async (bucket: string): Promise<string> => {
    const artefacts = await prepared.artefacts;
    const uploaded = await uploadArtefacts(world.services.s3, bucket, artefacts);
    return `${artefacts.length} in s3://${bucket}, ${uploaded} uploaded`;
  };
  // Endpoints depend on the bucket, so the artefacts are there before one is created.
  const afterCreated: AfterCreated = async (logicalId, { ref }) => {
    if (logicalId === bucketId)
      await progress.step(
        'artefacts',
        () => upload(ref),
        (detail) => detail,
      );
  };
  return progress.step(
    'resources',
    () => createStack(plan, world, afterCreated),
    () => inventory(world),
  );
}

function inventory({ built }: World): string {
  const count = (items: number, one: string): string => `${items} ${one}${items === 1 ? '' : 's'}`;
  return [
    count(built.buckets.length, 'bucket'),
    count(built.functions.size, 'function'),
    count(built.stateMachineArns.length, 'state machine'),
    count(built.endpointNames.length, 'endpoint'),
  ].join(', ');
}
