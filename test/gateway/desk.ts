// What the tests of the HTTP API share: a gateway on a socket, a real function behind it, its log kept.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Gateway, GatewayOptions } from '../../local/gateway/api.ts';
import { createGateway } from '../../local/gateway/index.ts';
import type { Lambda } from '../../local/lambda/api.ts';
import type { LogEvent } from '../../local/logs/api.ts';
import { openWorkshop } from '../lambda/functions.ts';

export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:subject';

/** Answers with its event, or with what the event's body asks for under `answer`. */
const SOURCE = `export const handler = async (event) => {
  const asked = event.headers['content-type'] === 'application/json' ? JSON.parse(event.body) : {};
  if (asked.fail) throw new Error('secret reason');
  if (asked.waitMs) await new Promise((resolve) => setTimeout(resolve, asked.waitMs));
  return 'answer' in asked ? asked.answer : event;
};`;

export interface Desk {
  readonly lambda: Lambda;
  readonly logged: { readonly group: string; readonly stream: string; readonly message: string }[];
  /** Opens a gateway; the one before it is closed. Without routes everything goes to the function. */
  open(changes?: Partial<GatewayOptions> & { readonly routes?: readonly string[] }): Promise<string>;
  closeGateway(): Promise<void>;
  close(): Promise<void>;
}

export async function openDesk(): Promise<Desk> {
  const workshop = await openWorkshop();
  await workshop.put(SOURCE);
  await workshop.put(SOURCE, { functionName: 'throttled', reservedConcurrency: 0 });
  let gateway: Gateway | undefined;
  const logged: Desk['logged'] = [];
  const logs = {
    write: (group: string, stream: string, events: readonly LogEvent[]) => {
      for (const { message } of events) logged.push({ group, stream, message });
    },
  };
  const closeGateway = async (): Promise<void> => {
    await gateway?.close();
    gateway = undefined;
  };
  return {
    lambda: workshop.lambda,
    logged,
    closeGateway,
    async open({ routes = ['$default'], ...options } = {}) {
      await closeGateway();
      logged.length = 0;
      const api = {
        apiId: 'api1',
        stage: '$default',
        routes: routes.map((routeKey) => ({ routeKey, functionArn: FUNCTION })),
      };
      gateway = createGateway({ lambda: workshop.lambda, api, logs, ...options });
      return await gateway.listen(0);
    },
    async close() {
      await closeGateway();
      await workshop.close();
    },
  };
}

/** What the function is asked to answer, as a request. */
export function asking(answer: unknown): RequestInit {
  return posting({ answer });
}

export function posting(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The event that a function answered with. */
export async function eventOf(response: Response | Promise<Response>): Promise<APIGatewayProxyEventV2> {
  return (await (await response).json()) as APIGatewayProxyEventV2;
}
