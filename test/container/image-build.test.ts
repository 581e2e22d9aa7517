import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildContainer } from '../../container/build.ts';
import { HOUSE_FEATURES, writeArtefact } from './support.ts';

describe('the Dockerfile', () => {
  const lines = readFileSync('container/Dockerfile', 'utf8').replaceAll('\\\n', ' ').split('\n');
  const instructions = lines.filter((line) => /^[A-Z]+ /.test(line));
  const final = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM')));

  it('pins every base by version', () => {
    const bases = instructions.filter((line) => line.startsWith('FROM'));

    for (const base of bases) expect(base).toMatch(/^FROM node:\d+\.\d+\.\d+-\w+-slim( AS \w+)?$/);
  });

  it('carries both SageMaker labels', () => {
    const labels = final.filter((line) => line.startsWith('LABEL')).join(' ');

    expect(labels).toContain('com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true');
    expect(labels).toContain('com.amazonaws.sagemaker.capabilities.multi-models=true');
  });

  it('runs as another user than root, with an entry point in exec form that takes `serve`', () => {
    expect(final).toContain('USER node');
    expect(final).toContain('ENTRYPOINT ["node", "/opt/seriatim/dist/main.js"]');
    expect(final).toContain('CMD ["serve"]');
  });

  it('installs the versions that the project is tested with', () => {
    const own = JSON.parse(readFileSync('container/package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const project = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };

    for (const [name, version] of Object.entries(own.dependencies))
      expect(project.dependencies[name]).toBe(version);
  });

  it('installs what its lock file pins, all from the public registry', () => {
    const own = JSON.parse(readFileSync('container/package.json', 'utf8')) as { dependencies: object };
    const { packages } = JSON.parse(readFileSync('container/package-lock.json', 'utf8')) as {
      packages: Record<string, { dependencies?: object; resolved?: string; integrity?: string }>;
    };
    const { '': root, ...locked } = packages;

    expect(instructions.join('\n')).toMatch(/COPY package\.json package-lock\.json .*RUN npm ci --omit=dev/s);
    expect(root!.dependencies).toEqual(own.dependencies);
    for (const [name, { resolved, integrity }] of Object.entries(locked)) {
      expect(resolved ?? 'https://registry.npmjs.org/', name).toMatch(/^https:\/\/registry\.npmjs\.org\//);
      expect(integrity, name).toMatch(/^sha512-/);
    }
  });
});

describe('the container as JavaScript', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seriatim-build-'));
    buildContainer(join(folder, 'dist'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['on the server thread', { 'model.onnx': HOUSE_FEATURES }],
    [
      'in a worker',
      { 'model.onnx': HOUSE_FEATURES, 'code/inference.js': { text: 'export const warmupFn = () => {};' } },
    ],
  ])('serves %s', async (name, files) => {
    const base = join(folder, name);
    writeArtefact(join(base, 'model'), files as Record<string, string>);
    const env = { ...process.env, SAGEMAKER_BASE_DIR: base, SAGEMAKER_BIND_TO_PORT: '0' };
    const program = spawn(process.execPath, [join(folder, 'dist/main.js'), 'serve'], { env, cwd: folder });
    const [line] = await once(program.stdout, 'data');
    const url = /Serving on (http:\S+?)\.\s/.exec(String(line))![1];

    const body = '[{"numeric":[1998,2900,4,2.5,1.1,2],"categorical":["y","n"]}]';
    const response = await fetch(`${url}/invocations`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    program.kill('SIGTERM');

    expect(response.status).toBe(200);
    expect((await once(program, 'close'))[0]).toBe(0);
  });
});
