// Starts containers in the test's own process on a free port, over artefacts laid out in a temporary folder.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Container, startContainer } from '../../container/container.ts';
import { readSettings } from '../../container/settings.ts';

export const HOUSE_FEATURES = 'models/house-prices/preprocess.onnx';
export const houseCity = (city: string): string => `models/house-prices/cities/${city}.onnx`;

/** Files of an artefact: the path of an existing file to copy, `{ text }`, or bytes. */
export type ArtefactFiles = Readonly<Record<string, string | { readonly text: string } | Uint8Array>>;

export function writeArtefact(folder: string, files: ArtefactFiles): string {
  for (const [name, content] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof content === 'string') cpSync(content, file);
    else writeFileSync(file, content instanceof Uint8Array ? content : content.text);
  }
  return folder;
}

export interface TestContainer extends Container {
  /** Everything logged so far. */
  readonly logs: string[];
  /** Its base folder, emptied at the end. */
  readonly base: string;
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

export interface TestContainerOptions {
  readonly files?: ArtefactFiles;
  readonly env?: Readonly<Record<string, string>>;
}

/** Not ready yet where the artefact cannot be served: await `ready`. */
export async function startTestContainer({
  files = {},
  env = {},
}: TestContainerOptions): Promise<TestContainer> {
  const base = mkdtempSync(join(tmpdir(), 'seriatim-container-'));
  mkdirSync(join(base, 'model'));
  writeArtefact(join(base, 'model'), files);
  const logs: string[] = [];
  const log = (message: string) => void logs.push(message);
  const settings = readSettings({ SAGEMAKER_BASE_DIR: base, SAGEMAKER_BIND_TO_PORT: '0', ...env });
  const container = await startContainer(settings, { info: log, warn: log, error: log });
  return {
    ...container,
    logs,
    base,
    post: (path, body, headers = {}) =>
      fetch(`${container.url}${path}`, {
        method: 'POST',
        body: body as string,
        headers: { 'content-type': 'application/json', ...headers },
      }),
    stop: async () => {
      await container.close();
      rmSync(base, { recursive: true });
    },
  };
}

export async function readError(
  response: Response,
): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, ...error };
}
