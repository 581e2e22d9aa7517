// The rim of a running Seriatim: the state folder with its lock, and the two loopback ports. Readiness is answered
// from the first moment on, long before there is anything to be ready.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_HEADER_BYTES } from '../gateway/receive.ts';
import type { Closers } from './closers.ts';
import { ownRoutes, type Shown } from './own-routes.ts';
import { type OpenPort, openPort } from './ports.ts';
import { openStateFolder, type StateFolder } from './state-folder.ts';

export const DEFAULT_HTTP_PORT = 3000;
export const DEFAULT_AWS_PORT = 4566;

export interface Rim {
  readonly state: StateFolder;
  readonly http: OpenPort;
  readonly aws: OpenPort;
  /** What `/_seriatim/…` tells of from now on. */
  show(shown: Shown): void;
}

export interface RimOptions {
  readonly projectFolder: string;
  readonly stateFolder?: string;
  readonly fresh?: boolean;
  readonly httpPort?: number;
  /** Where the HTTP API listens; loopback unless told. */
  readonly httpHost?: string;
  readonly awsPort?: number;
}

/** @throws StartFailure for a port or a folder in use */
export async function openRim(
  options: RimOptions,
  { closers, pending }: { closers: Closers; pending: ReadonlySet<string> },
): Promise<Rim> {
  let shown: Shown | undefined;
  const ports = { http: 0, aws: 0 };
  const early = ownRoutes({ version: projectVersion(), pending, ports, shown: () => shown });
  // The folder before the ports: a second start in the same folder could not go on with other ports either.
  const { stateFolder = join(options.projectFolder, '.seriatim'), fresh = false } = options;
  const state = openStateFolder(stateFolder);
  closers.add('state folder', () => state.release());
  const aws = await openPort({
    port: options.awsPort ?? DEFAULT_AWS_PORT,
    variable: 'SERIATIM_AWS_PORT',
    early,
  });
  closers.add('AWS port', () => aws.close());
  const http = await openPort({
    port: options.httpPort ?? DEFAULT_HTTP_PORT,
    ...(options.httpHost === undefined ? {} : { host: options.httpHost }),
    variable: 'SERIATIM_HTTP_PORT',
    maxHeaderBytes: MAX_HEADER_BYTES,
  });
  closers.add('HTTP port', () => http.close());
  Object.assign(ports, { http: http.port, aws: aws.port });
  if (fresh) state.empty();
  return {
    state,
    http,
    aws,
    show: (next) => {
      shown = next;
    },
  };
}

function projectVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
