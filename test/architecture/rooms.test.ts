// The boundaries between the rooms, as docs/architecture.md draws them, held on the import graph.
import { describe, expect, it } from 'vitest';
import { type Import, importsOf, packageOf, projectFiles, read, roomOf } from './sources.ts';

/** Rooms that a room may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  statemachines: ['layers'],
  functions: ['layers'],
  layers: [],
  container: ['layers'],
  local: [],
  packaging: ['container', 'statemachines'],
  cli: ['layers', 'local', 'packaging', 'statemachines', 'container', 'functions', 'bench'],
  models: [],
  console: ['layers'],
};
/** What starts the whole packages it first. */
const BOOT = 'local/boot/';
/** A service with what it needs as a program of its own: it puts them together as boot does. */
const ALONE = '/standalone.ts';
/** Rooms that may import anything. */
const FREE = new Set(['test', 'bench']);
const AWS_SDK = /^@aws-sdk\//;
const SERVICES = ['s3', 'lambda', 'states', 'sagemaker', 'logs', 'monitoring', 'sts'];

const imports = projectFiles('.ts', '.tsx').flatMap(importsOf);
const between = imports.filter(({ target }) => target !== undefined) as (Import & { target: string })[];

function shown(found: readonly Import[]): string[] {
  return found.map(({ file, specifier }) => `${file} imports ${specifier}`);
}

describe('the rooms', () => {
  it('are walked at all', () => {
    expect(between.length).toBeGreaterThan(50);
    expect(shown(between)).toContain('layers/seriatim/inspection/fold.ts imports ./frames.ts');
  });

  it('import only what they may', () => {
    const wrong = between.filter(({ file, target }) => {
      const [from, to] = [roomOf(file), roomOf(target)];
      const isFree = FREE.has(from) || from === to || !file.includes('/');
      const isPackaging = file.startsWith(BOOT) && to === 'packaging';
      return !isFree && !isPackaging && !(MAY_IMPORT[from] ?? []).includes(to);
    });

    expect(shown(wrong)).toEqual([]);
  });

  it('keep the container free of AWS clients', () => {
    const reached = reachableFrom(projectFiles('.ts').filter((file) => roomOf(file) === 'container'));
    const wrong = imports.filter(({ file, specifier }) => reached.has(file) && AWS_SDK.test(specifier));

    expect(shown(wrong)).toEqual([]);
  });

  it('keep the console to the types of the inspection API', () => {
    const wrong = between.filter(({ file, specifier, target }) => {
      if (roomOf(file) !== 'console' || roomOf(target) === 'console') return false;
      const isType = new RegExp(`import type [^;]*from '${specifier.replaceAll('.', '\\.')}'`).test(
        read(file),
      );
      return !isType || !/^layers\/seriatim\/inspection\/(api|view)\.ts$/.test(target);
    });

    expect(between.some(({ file }) => roomOf(file) === 'console')).toBe(true);
    expect(shown(wrong)).toEqual([]);
  });

  it('keep the services apart: of another service only its api.ts is known', () => {
    const wrong = between.filter(({ file, target }) => {
      const [from, to] = [serviceOf(file), serviceOf(target)];
      const isOther = from !== undefined && to !== undefined && from !== to;
      return isOther && !file.endsWith(ALONE) && !target.endsWith(`${to}/api.ts`);
    });

    expect(shown(wrong)).toEqual([]);
  });
});

describe('packages', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;

  it('are declared, and those of what is run or deployed as dependencies', () => {
    const wrong = imports.filter((found) => {
      const name = packageOf(found);
      if (name === undefined || isTypesOnly(name, found)) return false;
      const isFree = FREE.has(roomOf(found.file)) || !found.file.includes('/');
      return !(name in manifest.dependencies!) && !(isFree && name in manifest.devDependencies!);
    });

    expect(shown(wrong)).toEqual([]);
  });

  it('are all of an exact version', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });

    expect(versions.filter(([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

/** The handlers of models name the container that runs them for its types. */
const OWN_CONTAINER = 'seriatim-container';

/** `import type … from 'aws-lambda'` is satisfied by `@types/aws-lambda` and gone when the code runs. */
function isTypesOnly(name: string, { file, specifier }: Import): boolean {
  const manifest = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> };
  const typed = new RegExp(`import type [^;]*from '${specifier}'`).test(read(file));
  return typed && (name === OWN_CONTAINER || `@types/${name}` in manifest.devDependencies);
}

function serviceOf(file: string): string | undefined {
  const [room, service] = file.split('/');
  return room === 'local' && SERVICES.includes(service!) ? service : undefined;
}

function reachableFrom(files: readonly string[]): Set<string> {
  const reached = new Set(files);
  for (const file of reached) {
    for (const { target } of between.filter((found) => found.file === file)) reached.add(target);
  }
  return reached;
}
