// A container that gives its input back: what is left of a call is the hosting. SageMaker's contract.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(Buffer.concat(chunks));
  });
});
process.stdin.on('end', () => process.exit(0)).resume();
server.listen(Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 0), '127.0.0.1', () =>
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })),
);
