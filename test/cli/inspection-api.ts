// The inspection routes over a real socket: the real answers of the two functions' work, over views folded from
// histories, and one invocation route that answers as it is told.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getExecution } from '../../functions/get-execution/get.ts';
import { listExecutions } from '../../functions/list-executions/list.ts';
import type { HttpAnswer } from '../../layers/seriatim/inspection/answers.ts';
import type { Inspection } from '../../layers/seriatim/inspection/inspection.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';

export interface InspectionApi {
  readonly url: string;
  /** Bodies posted to the invocation route. */
  readonly posted: string[];
  close(): Promise<void>;
}

export async function startInspectionApi(
  views: readonly ExecutionView[],
  invocation: HttpAnswer,
): Promise<InspectionApi> {
  const posted: string[] = [];
  const server = createServer(async (request, response) => {
    const target = new URL(request.url!, 'http://loopback');
    let answer: HttpAnswer;
    if (request.method === 'POST') {
      posted.push(Buffer.concat(await request.toArray()).toString());
      answer = invocation;
    } else if (target.pathname === '/executions') {
      const context = { inspection: inspectionOf(views), pipelines: ['house-prices'], nowMs: Date.now() };
      answer = await listExecutions(context, Object.fromEntries(target.searchParams));
    } else answer = await getExecution(inspectionOf(views), target.pathname.replace('/executions/', ''));
    response.writeHead(answer.statusCode, { ...answer.headers }).end(answer.body);
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

function inspectionOf(views: readonly ExecutionView[]): Inspection {
  return {
    listExecutions: async ({ status, limit } = {}) => ({
      executions: views.filter((view) => status === undefined || view.status === status).slice(0, limit),
    }),
    readExecution: async (id) => views.find((view) => view.id === id || view.arn === id),
  };
}
