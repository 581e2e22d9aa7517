// What a batch is measured against: a plain Node stream in one process. Lines in, the two models by onnxruntime-node in
// batches of 4,096 per city, lines out in the file's order. Nothing is checked and nothing can be taken up again.

import { once } from 'node:events';
import { createReadStream, createWriteStream, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const BATCH = 4_096;
/** Lines that are under way at once: enough for whole batches of ten cities. */
const WINDOW = BATCH * 10;
const FEATURES = 10;
const QUANTILE_SPREAD = 1.645 * 0.0543;
const models = fileURLToPath(new URL('../models/house-prices/', import.meta.url));
const open = (file: string): Promise<InferenceSession> =>
  InferenceSession.create(models + file, { intraOpNumThreads: 1, interOpNumThreads: 1 });

const preprocess = await open('preprocess.onnx');
const cities = new Map<string, InferenceSession>();
for (const file of readdirSync(`${models}cities`))
  cities.set(file.replace('.onnx', ''), await open(`cities/${file}`));

const input = createInterface({ input: process.stdin });
console.log(JSON.stringify({ ready: true }));
for await (const line of input) {
  const { from, to } = JSON.parse(line) as { from: string; to: string };
  const begunMs = performance.now();
  const begun = process.cpuUsage();
  const rows = await run(from, to);
  const tookMs = performance.now() - begunMs;
  const { user, system } = process.cpuUsage(begun);
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ rows, tookMs, peakMb, cpuMs: (user + system) / 1000 }));
}

async function run(from: string, to: string): Promise<number> {
  const output = createWriteStream(to);
  output.write('price,low,high,city,model,error\n');
  let rows = -1;
  let window: string[][] = [];
  for await (const line of createInterface({ input: createReadStream(from) })) {
    if (++rows === 0) continue;
    window.push(line.split(','));
    if (window.length < WINDOW) continue;
    await write(output, await price(window));
    window = [];
  }
  if (window.length > 0) await write(output, await price(window));
  output.end();
  await finished(output);
  return rows;
}

async function write(output: ReturnType<typeof createWriteStream>, text: string): Promise<void> {
  if (!output.write(text)) await once(output, 'drain');
}

async function price(window: readonly string[][]): Promise<string> {
  const logPrices = new Float64Array(window.length);
  for (const [city, places] of Map.groupBy(window.keys(), (at) => window[at]![1]!)) {
    for (let from = 0; from < places.length; from += BATCH) {
      const some = places.slice(from, from + BATCH);
      const found = await priceCity(
        city,
        some.map((at) => window[at]!),
      );
      for (const [i, at] of some.entries()) logPrices[at] = found[i]!;
    }
  }
  let text = '';
  for (let at = 0; at < window.length; at++) text += answer(window[at]![1]!, logPrices[at]!);
  return text;
}

async function priceCity(city: string, rows: readonly string[][]): Promise<Float32Array> {
  const numeric = new Float32Array(rows.length * 6);
  const categorical: string[] = [];
  rows.forEach((cells, row) => {
    for (let i = 0; i < 6; i++) numeric[row * 6 + i] = Number(cells[i + 2]);
    categorical.push(cells[8]!, cells[9]!);
  });
  const { features } = await preprocess.run({
    numeric: new Tensor('float32', numeric, [rows.length, 6]),
    categorical: new Tensor('string', categorical, [rows.length, 2]),
  });
  const input = new Tensor('float32', features!.data as Float32Array, [rows.length, FEATURES]);
  return (await cities.get(city)!.run({ features: input })).log_price!.data as Float32Array;
}

function answer(city: string, logPrice: number): string {
  const dollars = (log: number): number => Math.round(Math.exp(log));
  return `${dollars(logPrice)},${dollars(logPrice - QUANTILE_SPREAD)},${dollars(logPrice + QUANTILE_SPREAD)},${city},${city}.tar.gz,\n`;
}
