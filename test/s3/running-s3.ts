// Starts S3 on a free loopback port with a folder of its own, and the official client for it.
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { S3 } from '../../local/s3/api.ts';
import { createS3, type S3Options } from '../../local/s3/index.ts';
import { createWireServer } from '../../local/wire/server.ts';

export interface RunningS3 {
  readonly s3: S3;
  readonly client: S3Client;
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

export interface RunningOptions extends Omit<S3Options, 'folder'> {
  /** A folder to go on with; it is then not removed at the end. */
  readonly folder?: string;
  readonly client?: S3ClientConfig;
}

export async function startS3({ client: settings, ...options }: RunningOptions = {}): Promise<RunningS3> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'seriatim-s3-')));
  const s3 = await createS3({ ...options, folder });
  const server = createWireServer({ services: [s3] });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    ...settings,
  });
  return {
    s3,
    client,
    url,
    folder,
    async stop() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await s3.close();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The code and status with which a call fails. */
export async function failure(call: Promise<unknown>): Promise<{ code: string; status: number | undefined }> {
  try {
    await call;
  } catch (thrown) {
    const error = thrown as { name: string; $metadata?: { httpStatusCode?: number } };
    return { code: error.name, status: error.$metadata?.httpStatusCode };
  }
  throw new Error('the call succeeded');
}
