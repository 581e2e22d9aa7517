// The table of container images: ours, and what the project's `images.json` names.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { StartFailure } from '../../local/boot/failure.ts';
import { imageTable } from '../../local/boot/images.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it('has our container where the project names none', () => {
  expect(Object.keys(imageTable(folder))).toEqual(['seriatim-container']);
});

it('has the commands and URLs that the project names, with its own paths', async () => {
  const images = {
    python: { command: 'python3', args: ['./server.py', '--fast'], environment: { A: '1' } },
    elsewhere: { url: 'http://127.0.0.1:8080' },
  };
  await writeFile(join(folder, 'images.json'), JSON.stringify(images));

  expect(imageTable(folder)).toMatchObject({
    'seriatim-container': { kind: 'command' },
    python: {
      kind: 'command',
      command: 'python3',
      args: [join(folder, 'server.py'), '--fast'],
      environment: { A: '1' },
    },
    elsewhere: { kind: 'url', url: 'http://127.0.0.1:8080' },
  });
});

it.each([
  ['no JSON', '{'],
  ['neither command nor URL', '{"a":{}}'],
  ['a URL with a path', '{"a":{"url":"http://h:1/p"}}'],
  ['a member that is not known', '{"a":{"command":"x","port":1}}'],
])('refuses, in one line, a file with %s', async (_, text) => {
  await writeFile(join(folder, 'images.json'), text);

  expect(() => imageTable(folder)).toThrow(StartFailure);
  expect(() => imageTable(folder)).toThrow(/^images\.json cannot be used [^\n]*$/);
});
