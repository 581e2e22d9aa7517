// An asynchronous invocation whose time to live is over before its turn comes, on a clock that the test turns.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { turnedClock } from '../../local/clock.ts';
import { createMonitoring } from '../../local/monitoring/index.ts';
import { createS3 } from '../../local/s3/index.ts';
import { createSageMaker } from '../../local/sagemaker/index.ts';

it('ends in the failure location and is counted', async () => {
  const held: ServerResponse[] = [];
  const container = createServer((request, response) => {
    request.resume().on('end', () => (request.url === '/ping' ? response.end() : held.push(response)));
  });
  await new Promise<void>((resolve) => container.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(container.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), 'expiry-'));
  const clock = turnedClock(Date.UTC(2026, 0, 1));
  const s3 = await createS3({ folder: join(folder, 's3') });
  await s3.createBucket('results');
  const monitoring = createMonitoring({ clock });
  const images = { box: { kind: 'url' as const, url } };
  const sagemaker = await createSageMaker({
    s3,
    clock,
    monitoring,
    images,
    volumesFolder: join(folder, 'volumes'),
    // Pings answer in real time: on a turned clock they would all be late, and the container taken for dead.
    settings: { pingIntervalMs: 3_600_000 },
  });
  const { operations, runtime } = sagemaker;
  await operations.createModel!({ ModelName: 'm', PrimaryContainer: { Image: 'box' } });
  await operations.createEndpointConfig!({
    EndpointConfigName: 'c',
    ProductionVariants: [{ VariantName: 'v', ModelName: 'm', InitialInstanceCount: 1 }],
    AsyncInferenceConfig: {
      ClientConfig: { MaxConcurrentInvocationsPerInstance: 1 },
      OutputConfig: { S3OutputPath: 's3://results/out', S3FailurePath: 's3://results/failed' },
    },
  });
  await operations.createEndpoint!({ EndpointName: 'later', EndpointConfigName: 'c' });
  await sagemaker.settled('later');
  const submit = (RequestTTLSeconds: number) =>
    runtime.operations.invokeEndpointAsync!({ EndpointName: 'later', Body: 'x', RequestTTLSeconds });
  await submit(600);
  const late = await submit(60);
  await vi.waitFor(() => expect(held).toHaveLength(1));

  await clock.turn(61_000);
  held[0]!.end('first');
  const key = String(late.FailureLocation).replace('s3://results/', '');
  const found = await vi.waitFor(() => s3.getObject({ bucket: 'results', key }));
  const failure = Buffer.concat(await found.body.toArray()).toString();

  expect(failure).toContain('RequestTTLSeconds is over');
  expect(held).toHaveLength(1);
  expect(monitoring.prometheus()).toContain(
    'aws_sagemaker_expired_requests_sum{endpoint_name="later",variant_name="v"} 1',
  );
  await sagemaker.close();
  await monitoring.close();
  await s3.close();
  container.closeAllConnections();
  await new Promise((resolve) => container.close(resolve));
  await rm(folder, { recursive: true, force: true });
});
