// The multi-model API: `POST /models` loads, `GET /models` lists page by page, `GET` and `DELETE /models/{name}`, and
// `POST /models/{name}/invoke`. SageMaker's names are opaque hashes, percent-encoded in the path.
import { InferenceError } from '../errors.ts';
import { answerInvocation, type Exchange } from './invocations.ts';
import type { ServedModel } from './served-model.ts';
import { readJsonObject, requireMethod, type ServerContext, sendJson } from './server.ts';

const PAGE_SIZE = 100;
const LOAD_BODY_LIMIT_BYTES = 64 * 1024;

/** @throws InferenceError */
export async function answerModels(context: ServerContext, path: string, exchange: Exchange): Promise<void> {
  if (!context.settings.isMultiModel) {
    throw new InferenceError(
      'ModelNotFound',
      'This container serves one model: SAGEMAKER_MULTI_MODEL is not set.',
    );
  }
  const [, , encoded, action, ...rest] = path.split('/');
  if (encoded === undefined || encoded === '') return answerCollection(context, exchange);
  const name = decodeName(encoded);
  if (action === 'invoke' && rest.length === 0) {
    requireMethod(exchange.request, 'POST');
    return answerInvocation(context, name, exchange);
  }
  if (action !== undefined) throw new InferenceError('ModelNotFound', `There is no ${path} here.`);
  return answerModel(context, name, exchange);
}

function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new InferenceError('InvalidPayload', `"${encoded}" is not percent-encoded rightly.`);
  }
}

async function answerCollection(context: ServerContext, exchange: Exchange): Promise<void> {
  if (exchange.request.method === 'GET') return listModels(context, exchange);
  requireMethod(exchange.request, 'POST');
  const request = await readJsonObject(exchange.request, LOAD_BODY_LIMIT_BYTES);
  const { model_name: name, url } = request;
  if (typeof name !== 'string' || name === '' || typeof url !== 'string' || url === '') {
    throw new InferenceError('InvalidPayload', 'A load needs "model_name" and "url".');
  }
  const model = await context.registry.load(name, url);
  sendJson(exchange.response, 200, { ...describe(model), loadMs: Math.round(model.loadMs * 10) / 10 });
}

/** In the order of names; the token is the last name of the page before. */
function listModels({ registry }: ServerContext, { request, response }: Exchange): void {
  const token = new URL(request.url ?? '/', 'http://container').searchParams.get('next_page_token');
  const sorted = [...registry.list()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rest = token === null || token === '' ? sorted : sorted.filter(({ name }) => name > token);
  const page = rest.slice(0, PAGE_SIZE);
  const nextPageToken = rest.length > PAGE_SIZE ? { nextPageToken: page.at(-1)!.name } : {};
  sendJson(response, 200, { models: page.map(describe), ...nextPageToken });
}

async function answerModel(
  { registry }: ServerContext,
  name: string,
  { request, response }: Exchange,
): Promise<void> {
  if (request.method === 'GET') return sendJson(response, 200, describe(registry.get(name)));
  if (request.method !== 'DELETE') requireMethod(request, 'GET');
  const described = describe(registry.get(name));
  await registry.unload(name);
  sendJson(response, 200, described);
}

function describe({ name, url }: ServedModel): { modelName: string; modelUrl: string } {
  return { modelName: name, modelUrl: url };
}
