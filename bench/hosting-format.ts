// The third container of the bench's pipeline: turns the model's logarithm into a price. SageMaker's contract.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/ping') return response.end();
    const { predictions } = JSON.parse(Buffer.concat(chunks).toString()) as { predictions: unknown[] };
    const prices = predictions.map((one) => ({ price: Math.round(Math.exp(numberIn(one))) }));
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ predictions: prices }));
  });
});

function numberIn(value: unknown): number {
  if (typeof value === 'number') return value;
  return numberIn(Object.values(value as object)[0]);
}

process.stdin.on('end', () => process.exit(0)).resume();
server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT), '127.0.0.1');
