import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type ArtefactFiles, HOUSE_FEATURES, writeArtefact } from './support.ts';

const RECORD = '{"instances":[{"numeric":[1998,2900,4,2.5,1.1,2],"categorical":["y","n"]}]}';

interface Program {
  readonly child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  /** Resolves when the text has been printed. */
  printed(text: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<number | null>;
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** The container's own entry point over a folder laid out like /opt/ml. */
function startProgram(files: ArtefactFiles, env: Record<string, string> = {}, args = ['serve']): Program {
  const base = mkdtempSync(join(tmpdir(), 'seriatim-opt-ml-'));
  writeArtefact(join(base, 'model'), files);
  const child = spawn(process.execPath, ['container/main.ts', ...args], {
    env: { PATH: process.env.PATH, SAGEMAKER_BASE_DIR: base, SAGEMAKER_BIND_TO_PORT: '0', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  cleanups.push(() => {
    child.kill('SIGKILL');
    rmSync(base, { recursive: true, force: true });
  });
  return watch(child);
}

function watch(child: ChildProcess): Program {
  let text = '';
  const checks = new Set<() => void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk) => {
      text += chunk;
      for (const check of checks) check();
    });
  }
  const printed = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const check = () => {
        const match = pattern.exec(text);
        if (match !== null) resolve(match);
      };
      checks.add(check);
      check();
      child.once('exit', () => reject(new Error(`ended after printing: ${text}`)));
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => text, printed, ended };
}

const serving = /Serving on (http:\S+?)\.\s/;
const post = (url: string, body: string) =>
  fetch(`${url}/invocations`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });

describe('node container/main.ts serve', () => {
  it('serves a folder laid out like /opt/ml', async () => {
    const program = startProgram({ 'model.onnx': HOUSE_FEATURES });
    const [, url] = await program.printed(serving);

    expect((await fetch(`${url}/ping`)).status).toBe(200);
    expect((await post(url!, RECORD)).status).toBe(200);
  });

  it('answers what is in flight before SIGTERM ends it with exit code 0', async () => {
    const code = `export const transformFn = async (_model, _body, _type, _accept, { logger }) => {
      logger.info('begun'); await new Promise((resolve) => setTimeout(resolve, 300)); return 'finished'; };`;
    const program = startProgram({ 'code/inference.ts': { text: code } });
    const [, url] = await program.printed(serving);
    const answer = post(url!, '');
    await program.printed(/begun/);

    program.child.kill('SIGTERM');

    expect(await (await answer).text()).toBe('finished');
    expect(await program.ended).toBe(0);
  });

  it('ends when standard input closes, if told to', async () => {
    const program = startProgram({ 'model.onnx': HOUSE_FEATURES }, { SERIATIM_EXIT_WITH_PARENT: '1' });
    await program.printed(serving);

    program.child.stdin!.end();

    expect(await program.ended).toBe(0);
  });

  it('ends with exit code 1 and one line when the artefact cannot be served', async () => {
    const program = startProgram({ 'readme.txt': { text: '' } });

    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(
      /^\S+ ERROR .* holds neither model.onnx nor code\/inference.ts; found readme.txt.\n$/,
    );
  });

  it.each([
    [
      'a port that is no number',
      { SAGEMAKER_BIND_TO_PORT: 'eighty' },
      ['serve'],
      /SAGEMAKER_BIND_TO_PORT must be a whole number/,
    ],
    ['another command', {}, ['train'], /Unknown command "train"/],
  ])('ends with exit code 1 for %s', async (_name, env, args, message) => {
    const program = startProgram({ 'model.onnx': HOUSE_FEATURES }, env as Record<string, string>, args);

    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(message);
  });

  it('ends with exit code 1 and names a port that is in use', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    cleanups.push(() => occupied.close());
    const { port } = occupied.address() as { port: number };

    const program = startProgram({ 'model.onnx': HOUSE_FEATURES }, { SAGEMAKER_BIND_TO_PORT: String(port) });

    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(new RegExp(`in use.*${port}`));
  });
});
