// The floor that `npm run bench` measures against: the same two models called by onnxruntime-node in one process
// behind node:http. No validation, no pipeline, no record of what happened. Prints its URL when it listens.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';

interface House {
  readonly city: string;
  readonly frontPorch: string;
  readonly deck: string;
  readonly [field: string]: unknown;
}

const NUMERIC = ['yearBuilt', 'squareFeet', 'bedrooms', 'bathrooms', 'lotAcres', 'garageSpaces'] as const;
const FEATURES = 10;
const models = fileURLToPath(new URL('../models/house-prices/', import.meta.url));

const preprocess = await open('preprocess.onnx');
const cities = new Map<string, InferenceSession>();
for (const file of readdirSync(`${models}cities`)) {
  cities.set(file.replace('.onnx', ''), await open(`cities/${file}`));
}

function open(file: string): Promise<InferenceSession> {
  // One thread, not spinning: the defaults are ten times worse at the 99th percentile.
  return InferenceSession.create(models + file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
}

async function predict(houses: readonly House[]): Promise<object[]> {
  const features = await featuresOf(houses);
  const logPrices = new Float64Array(houses.length);
  const byCity = Map.groupBy(houses.keys(), (at) => houses[at]!.city);
  for (const [city, places] of byCity) {
    const rows = new Float32Array(places.length * FEATURES);
    for (const [row, at] of places.entries()) {
      rows.set(features.subarray(at * FEATURES, (at + 1) * FEATURES), row * FEATURES);
    }
    const input = new Tensor('float32', rows, [places.length, FEATURES]);
    const output = await cities.get(city)!.run({ features: input });
    for (const [row, at] of places.entries()) logPrices[at] = Number(output.log_price!.data[row]);
  }
  return houses.map(({ city }, at) => answer(city, Math.exp(logPrices[at]!)));
}

async function featuresOf(houses: readonly House[]): Promise<Float32Array> {
  const numeric = Float32Array.from(houses.flatMap((house) => NUMERIC.map((field) => Number(house[field]))));
  const categorical = houses.flatMap(({ frontPorch, deck }) => [frontPorch, deck]);
  const result = await preprocess.run({
    numeric: new Tensor('float32', numeric, [houses.length, NUMERIC.length]),
    categorical: new Tensor('string', categorical, [houses.length, 2]),
  });
  return result.features!.data as Float32Array;
}

function answer(city: string, price: number): object {
  const [low, high] = [Math.round(price * 0.9), Math.round(price * 1.1)];
  return { price: Math.round(price), low, high, city, model: `${city}.tar.gz` };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const { instances } = JSON.parse(Buffer.concat(chunks).toString()) as { instances: House[] };
    const text = JSON.stringify({ predictions: await predict(instances) });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
process.stdin.on('end', () => process.exit(0)).resume();
