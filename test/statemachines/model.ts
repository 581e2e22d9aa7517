// A container for the tests of composition, by SageMaker's contract: single model and multi-model. Its prediction is the
// instance with who answered; an instance may ask it to be slow or to fail. Copied to where `local/` starts containers
// from, so it imports nothing of the project.
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';

interface Instance {
  /** The status to fail with. */
  readonly fail?: number;
  /** Whom that concerns; all unless told. */
  readonly whom?: string;
  readonly waitMs?: number;
}

const name = (process.env.MODEL_NAME ?? 'model') + ownVersion();
const models = new Map<string, string>();
let atOnce = 0;
let mostAtOnce = 0;
let calls = 0;

process.stdin.on('end', () => process.exit(0)).resume();

createServer((request, response) => {
  void answer(request, response).catch((thrown: Error) => send(response, 500, thrown.message));
}).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');

/** What the artefact says: the variant that it is of. */
function ownVersion(): string {
  const file = join(process.env.SAGEMAKER_BASE_DIR ?? '', 'model/weights.txt');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '';
  if (path === '/ping') return send(response, 200, '');
  const text = await read(request);
  if (path === '/invocations') return predict(response, text, name);
  if (path === '/models' && request.method === 'POST') {
    const { model_name: hash, url } = JSON.parse(text) as { model_name: string; url: string };
    models.set(hash, readFileSync(join(url, 'weights.txt'), 'utf8'));
    return send(response, 200, '');
  }
  if (path === '/models') return send(response, 200, '{"models":[]}');
  const hash = path.split('/')[2]!;
  if (path.endsWith('/invoke')) return predict(response, text, models.get(hash)!);
  send(response, 200, '{}');
}

async function predict(response: ServerResponse, text: string, by: string): Promise<void> {
  const { instances } = JSON.parse(text) as { instances: Instance[] };
  const { fail, whom = by, waitMs } = instances[0]!;
  calls += 1;
  atOnce += 1;
  mostAtOnce = Math.max(mostAtOnce, atOnce);
  if (waitMs !== undefined && whom === by) await new Promise((resolve) => setTimeout(resolve, waitMs));
  atOnce -= 1;
  if (fail !== undefined && whom === by) return refuse(response, fail, `${by} was asked to fail`);
  const predictions = instances.map((instance) => ({ ...instance, by, score: by.length, calls, mostAtOnce }));
  send(response, 200, JSON.stringify({ predictions }));
}

/** As the product's container writes errors. */
function refuse(response: ServerResponse, status: number, message: string): void {
  send(response, status, JSON.stringify({ error: { message } }));
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
