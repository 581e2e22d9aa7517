// The example of docs/states.md: it compiles against the engine's types, and prints what it says.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

describe('the example of docs/states.md', () => {
  let folder: string;
  let source: string;

  beforeAll(() => {
    // Inside of the project, so that its packages are found.
    folder = mkdtempSync(join(ROOT, 'test/states/example-'));
    source = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/states.md'), 'utf8'))![1]!;
    writeFileSync(join(folder, 'example.ts'), source.replaceAll("'./local/", "'../../../local/"));
    const config = {
      extends: '../../../tsconfig.json',
      include: ['example.ts'],
      compilerOptions: { noEmit: true },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is about ten lines beside its imports', () => {
    const lines = source.split('\n').filter((line) => line !== '' && !line.startsWith('import'));

    expect(lines.length).toBeLessThanOrEqual(12);
  });

  it('compiles', () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

    expect(() => execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })).not.toThrow();
  }, 30_000);

  it('prints what it says', () => {
    const said = /\/\/ (\d+)$/m.exec(source)![1];

    expect(execFileSync(process.execPath, [join(folder, 'example.ts')], { encoding: 'utf8' }).trim()).toBe(
      said,
    );
  });
});
