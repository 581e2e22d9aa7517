// A batch machine on the real engine and the real S3, its functions called in this process; the endpoint is scripted.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { handler as assembleBatch } from '../../functions/assemble-batch/index.ts';
import { handler as invokeRecords } from '../../functions/invoke-records/index.ts';
import { handler as postprocess } from '../../functions/postprocess-house/index.ts';
import { handler as preprocess } from '../../functions/preprocess-house/index.ts';
import { handler as splitBatch } from '../../functions/split-batch/index.ts';
import { handler as writePart } from '../../functions/write-part/index.ts';
import { type BatchOptions, type BatchRun, planRun } from '../../layers/seriatim/index.ts';
import type { InvokeRequest, InvokeResult } from '../../local/lambda/api.ts';
import type { S3 } from '../../local/s3/api.ts';
import { compilePipeline } from '../../statemachines/compile/compile.ts';
import { housePrices } from '../../statemachines/house-prices.ts';
import { useEndpoint as pointAt, serveS3 } from '../functions/servers.ts';
import { startEngine } from '../states/engine.ts';

export const BUCKET = 'batch-bucket';

type Handler = (event: never) => Promise<unknown>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'split-batch': splitBatch,
  'preprocess-house': preprocess,
  'invoke-records': invokeRecords,
  'postprocess-house': postprocess,
  'write-part': writePart,
  'assemble-batch': assembleBatch,
};

/** Throws, as a function whose environment dies does. */
export type Sabotage = (name: string, payload: string) => void | Promise<void>;

export interface Instance {
  readonly numeric: readonly number[];
}

export interface BatchSystem {
  readonly s3: S3;
  /** Names of the functions called, in order. */
  readonly calls: string[];
  /** What a model does before it answers. */
  model: (
    targetModel: string,
    instances: readonly Instance[],
  ) => { status: number; message: string } | undefined;
  /** What the endpoint says of itself with each answer. */
  attributes: string;
  sabotage: Sabotage;
  put(name: string, body: string | Uint8Array): Promise<void>;
  plan(name: string, body: string | Uint8Array, options?: BatchOptions): Promise<BatchRun>;
  run(plan: BatchRun): Promise<string>;
  text(key: string): Promise<string>;
  close(): Promise<void>;
}

export async function startSystem(): Promise<BatchSystem> {
  const storage = await serveS3();
  await storage.s3.createBucket(BUCKET);
  const calls: string[] = [];
  const endpoint = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { instances } = JSON.parse(body) as { instances: Instance[] };
    const refusal = system.model(String(request.headers['x-amzn-sagemaker-target-model']), instances);
    const type = refusal === undefined ? {} : { 'x-amzn-errortype': 'ModelError' };
    response.writeHead(refusal === undefined ? 200 : 424, {
      'content-type': 'application/json',
      'x-amzn-sagemaker-custom-attributes': system.attributes,
      ...type,
    });
    const answer = { predictions: instances.map(({ numeric }) => ({ log_price: Math.log(numeric[1]!) })) };
    const error = refusal && { Message: refusal.message, OriginalStatusCode: refusal.status };
    response.end(JSON.stringify(error ?? answer));
  });
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const restore = pointAt(storage.url);
  process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`;
  const engine = await startEngine({
    s3: storage.s3,
    lambda: { invoke: (request) => invoke(request, system) },
  });
  const machine = JSON.stringify(compilePipeline(housePrices)['house-prices-batch'])
    .replace(
      /\$\{(\w+?)Function\}/g,
      (_, name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${kebab(name)}`,
    )
    .replace(/\$\{\w+Endpoint\}/g, 'endpoint');
  const { stateMachineArn } = await engine.client.send(
    new CreateStateMachineCommand({
      name: 'batch',
      definition: machine,
      roleArn: 'arn:aws:iam::000000000000:role/r',
    }),
  );
  const text = async (key: string): Promise<string> => {
    const { body } = await storage.s3.getObject({ bucket: BUCKET, key });
    return (await body.setEncoding('utf8').toArray()).join('');
  };
  const put = async (name: string, body: string | Uint8Array): Promise<void> => {
    await storage.s3.putObject({ bucket: BUCKET, key: `house-prices/in/${name}` }, Buffer.from(body), {});
  };
  const system: BatchSystem = {
    s3: storage.s3,
    calls,
    model: () => undefined,
    attributes: 'model=a;sha256=ab12;load=warm',
    sabotage: () => undefined,
    put,
    async plan(name, body, options = {}) {
      await put(name, body);
      const key = `house-prices/in/${name}`;
      const { etag } = await storage.s3.headObject({ bucket: BUCKET, key });
      const sizeBytes = Buffer.byteLength(Buffer.from(body));
      return planRun(
        { pipeline: 'house-prices', name, bucket: BUCKET, key, etag: etag.replaceAll('"', ''), sizeBytes },
        options,
      );
    },
    async run(plan) {
      const name = `${plan.id}-r${plan.attempt}`;
      const { executionArn } = await engine.client.send(
        new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(plan) }),
      );
      for (;;) {
        const { status } = await engine.client.send(new DescribeExecutionCommand({ executionArn }));
        if (status !== 'RUNNING') return status!;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    text,
    async close() {
      await engine.close();
      restore();
      delete process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME;
      endpoint.closeAllConnections();
      endpoint.close();
      await storage.close();
    },
  };
  return system;
}

async function invoke({ functionName, payload }: InvokeRequest, system: BatchSystem): Promise<InvokeResult> {
  const name = functionName.split(':').at(-1)!;
  system.calls.push(name);
  const answer = { statusCode: 200 as const, executedVersion: '$LATEST', requestId: 'r' };
  try {
    await system.sabotage(name, payload);
    const value = await HANDLERS[name]!(JSON.parse(payload) as never);
    return { ...answer, payload: JSON.stringify(value ?? null) };
  } catch (thrown) {
    const { name: errorType, message } = thrown as Error;
    return {
      ...answer,
      functionError: 'Unhandled',
      payload: JSON.stringify({ errorType, errorMessage: message }),
    };
  }
}

function kebab(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
