// The inspection routes over a real socket: their real handlers over histories, one invocation route that answers as it
// is told, and, where asked, a refusal of whatever shows payloads.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askRoutes } from '../../cli/inspect/ask-routes.ts';
import { errorAnswer, type HttpAnswer } from '../../layers/seriatim/inspection/http/answers.ts';
import { listRoutes } from '../../layers/seriatim/inspection/http/list-routes.ts';
import { payloadRoutes } from '../../layers/seriatim/inspection/http/payload-routes.ts';
import { viewRoutes } from '../../layers/seriatim/inspection/http/view-routes.ts';
import { NO_REDACTION } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { type ExecutionRecord, viewOf } from '../../layers/seriatim/inspection/record.ts';

export interface InspectionApi {
  readonly url: string;
  /** Bodies posted to the invocation route. */
  readonly posted: string[];
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly invocation: HttpAnswer;
  /** A request for a payload is refused, as API Gateway does it for whoever lacks the permission. */
  readonly refusesPayloads?: boolean;
}

export async function startInspectionApi(
  records: readonly ExecutionRecord[],
  { invocation, refusesPayloads = false }: ApiOptions,
): Promise<InspectionApi> {
  const posted: string[] = [];
  const ask = askRoutes(routesOver(records));
  const answerTo = async (request: IncomingMessage): Promise<HttpAnswer> => {
    const { pathname, searchParams } = new URL(request.url!, 'http://loopback');
    if (request.method === 'POST') {
      posted.push(Buffer.concat(await request.toArray()).toString());
      return invocation;
    }
    if (refusesPayloads && pathname.startsWith('/payloads'))
      return errorAnswer(403, 'Forbidden', 'Forbidden');
    return ask({ method: 'GET', path: pathname, query: Object.fromEntries(searchParams) });
  };
  const server = createServer(async (request, response) => {
    const { statusCode, headers, body, isBase64Encoded } = await answerTo(request);
    response
      .writeHead(statusCode, { ...headers })
      .end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function routesOver(records: readonly ExecutionRecord[]) {
  const inspection = {
    listExecutions: async ({ status, limit }: { status?: string; limit?: number } = {}) => {
      const views = records.map(viewOf).filter((view) => status === undefined || view.status === status);
      return { executions: views.slice(0, limit) };
    },
    readRecord: async (id: string) =>
      records.find(({ description }) => description.id === id || description.arn === id),
    listChildren: async () => ({ mapRuns: [], children: [], errors: [] }),
  };
  const redactor = NO_REDACTION;
  const readClaim = async (): Promise<Uint8Array> => new Uint8Array();
  return {
    ...listRoutes({ inspection, pipelines: ['house-prices'], now: Date.now }),
    ...viewRoutes({ inspection, redactor }),
    ...payloadRoutes({ inspection, redactor, readClaim, readHead: async () => undefined }),
  };
}
