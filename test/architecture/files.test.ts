// What every file of the project keeps to.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, ROOT, read } from './sources.ts';

const MAX_LINES = 400;
const MAX_TEST_LINES = 500;
const sources = projectFiles('.ts', '.tsx', '.mjs', '.cjs');
const texts = projectFiles(
  '.ts',
  '.tsx',
  '.css',
  '.html',
  '.mjs',
  '.cjs',
  '.md',
  '.yml',
  '.yaml',
  '.py',
  'package.json',
  '.asl.json',
);

/** Written so that this file does not find itself. */
const WORDS_LEFT_OVER = /\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/;
const MACHINE_PATHS = /(?<![\w}>.*-])(\/hom[e]\/\w|\/User[s]\/\w|\/roo[t]\/|\/wor[k]\/|C:\\User[s])/;

function matching(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  );
}

describe('every file', () => {
  it('is found at all', () => {
    expect(sources).toContain('layers/seriatim/inspection/fold.ts');
    expect(texts).toContain('docs/architecture.md');
  });

  it(`is at most ${MAX_LINES} lines long, a test ${MAX_TEST_LINES}`, () => {
    const long = sources.filter((file) => {
      const most = file.startsWith('test/') ? MAX_TEST_LINES : MAX_LINES;
      return read(file).split('\n').length > most;
    });

    expect(long).toEqual([]);
  });

  it('opens with a comment that says what it is', () => {
    const tests = /\.test\.ts$/;
    const silent = sources.filter((file) => !/^(#!.*\n)?(\/\/|\/\*)/.test(read(file)));

    expect(silent.filter((file) => !tests.test(file))).toEqual([]);
  });

  it('names no path of somebody’s machine', () => {
    expect(matching(texts, MACHINE_PATHS)).toEqual([]);
  });

  it('links only to files that exist', () => {
    const links = texts
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
          .map(([, link]) => link!)
          .filter((link) => !/^[a-z]+:/.test(link))
          .map((link) => ({ file, link })),
      );
    const dead = links.filter(({ file, link }) => !existsSync(join(ROOT, dirname(file), link)));

    expect(links.length).toBeGreaterThan(5);
    expect(dead).toEqual([]);
  });

  it('leaves nothing to be done', () => {
    expect(matching(sources, WORDS_LEFT_OVER)).toEqual([]);
  });

  it('is named in kebab-case', () => {
    const odd = sources.filter((file) => !/^([a-z0-9.-]+\/)*\.?[a-z0-9]+([.-][a-z0-9]+)*$/.test(file));

    expect(odd).toEqual([]);
  });
});
