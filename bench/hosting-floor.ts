// The floor: the feature model, a city's model and the formatting, called by onnxruntime-node inside one node:http
// process. Prints its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const models = new URL('../models/house-prices/', import.meta.url).pathname;
const options = { intraOpNumThreads: 1, interOpNumThreads: 1 } as const;
const features = await InferenceSession.create(`${models}preprocess.onnx`, options);
const city = await InferenceSession.create(`${models}cities/Houston_TX.onnx`, options);

interface House {
  readonly numeric: number[];
  readonly categorical: string[];
}

async function price(houses: readonly House[]): Promise<string> {
  const numeric = new Tensor(
    'float32',
    houses.flatMap((house) => house.numeric),
    [houses.length, 6],
  );
  const categorical = new Tensor(
    'string',
    houses.flatMap((house) => house.categorical),
    [houses.length, 2],
  );
  const { features: made } = await features.run({ numeric, categorical });
  const { log_price: logs } = await city.run({ features: made! });
  const predictions = Array.from(logs!.data as Float32Array, (log) => ({ price: Math.round(Math.exp(log)) }));
  return JSON.stringify({ predictions });
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { instances } = JSON.parse(Buffer.concat(chunks).toString()) as { instances: House[] };
    response.setHeader('content-type', 'application/json');
    response.end(await price(instances));
  });
});
process.stdin.on('end', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })),
);
