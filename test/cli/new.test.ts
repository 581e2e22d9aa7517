// New pipelines: what is written from a model's signature, and what is refused before anything is.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newPipeline } from '../../cli/new/new.ts';
import { linearModel } from '../../cli/new/placeholder-model.ts';
import { checkAnswer } from '../../cli/new/signature.ts';
import type { Pattern } from '../../cli/new/skeleton.ts';
import { readOnnxFile } from '../../container/onnx/model-file.ts';
import { openSession } from '../../container/onnx/session.ts';

const PROJECT = join(import.meta.dirname, '../..');
const COPIED = [
  'layers',
  'statemachines',
  'biome.json',
  '.gitignore',
  'package.json',
  'tsconfig.json',
  'container',
];
const HOUSE = join(PROJECT, 'models/house-prices/preprocess.onnx');

let projectFolder: string;
beforeAll(async () => {
  projectFolder = await mkdtemp(join(tmpdir(), 'seriatim-new-'));
  for (const name of COPIED) await cp(join(PROJECT, name), join(projectFolder, name), { recursive: true });
  await symlink(join(PROJECT, 'node_modules'), join(projectFolder, 'node_modules'));
});
afterAll(() => rm(projectFolder, { recursive: true }));

const read = (file: string): Promise<string> => readFile(join(projectFolder, file), 'utf8');
const make = (name: string, pattern: Pattern, more: { model?: string; sample?: string } = {}) =>
  newPipeline({ projectFolder, name, pattern, ...more });

describe('a new pipeline', () => {
  it('of each pattern compiles, with one listed after the other', async () => {
    for (const pattern of [1, 2, 3, 4] as const)
      await make(`mine${pattern}-v2${'abcd'[pattern - 1]}`, pattern);

    expect(await read('statemachines/index.ts')).toMatch(
      /mine1V2a,\n {2}mine2V2b,\n {2}mine3V2c,\n {2}mine4V2d,\n\];/,
    );
    const machine = JSON.parse(await read('statemachines/mine3-v2c.asl.json')) as { States: object };
    expect(Object.keys(machine.States)).toEqual([
      'Prepare',
      'First',
      'Combine',
      'Second',
      'Finish',
      'Failed',
    ]);
  });

  it('has the contract that the model’s own signature says', async () => {
    await make('from-model', 4, { model: HOUSE });

    const contract = await read('layers/seriatim/contracts/from-model.ts');
    expect(contract).toMatch(/numeric: listOf\(numeric\(-1e12, 1e12\), 6\)/);
    expect(contract).toMatch(/categorical: listOf\(v\.string\(\), 2\)/);
    const sample = JSON.parse(await read('models/from-model/requests.ndjson')) as Record<string, unknown[]>;
    expect(sample).toMatchObject({ group: 'one', categorical: ['a', 'a'] });
    expect(await readFile(join(projectFolder, 'models/from-model/group/two.onnx'))).toEqual(
      await readFile(HOUSE),
    );
  });

  it('takes a record to try it with', async () => {
    await make('with-sample', 1, { sample: '{"features":[1,2,3,4]}' });

    expect(await read('models/with-sample/requests.ndjson')).toBe('{"features":[1,2,3,4]}\n');
  });

  it('passes the types and the lint of the project', async () => {
    const run = promisify(execFile);
    const biome = join(PROJECT, 'node_modules/@biomejs/biome/bin/biome');

    await run(process.execPath, [biome, 'check', 'layers', 'statemachines', 'functions'], {
      cwd: projectFolder,
    });
  });

  it.each<[string, string, { model?: string; sample?: string }, RegExp]>([
    [
      'a name with capitals',
      'MyMine',
      {},
      /"MyMine" is no name for a pipeline: expected words of small letters.*; "my-mine" is one/,
    ],
    [
      'a word that starts with a digit',
      'mine-2',
      {},
      /each starting with a letter, .*such as wine-quality; "mine2" is one/,
    ],
    ['a name of digits', '2', {}, /such as wine-quality$/],
    ['a name of 41 letters', 'a'.repeat(41), {}, /at most 40/],
    [
      'a pipeline that is there',
      'house-prices',
      {},
      /house-prices is not written, since there is already statemachines\/house-prices\.ts/,
    ],
    ['a file of another kind', 'selection', {}, /there is already statemachines\/selection\.ts/],
    ['a model that is not there', 'other', { model: '/nowhere.onnx' }, /cannot be read/],
    ['a file that is no model', 'other', { model: join(PROJECT, 'package.json') }, /is no ONNX model/],
    [
      'a picture model',
      'other',
      { model: join(PROJECT, 'models/photo-recognition/recognition/model.onnx') },
      /too many for JSON/,
    ],
    [
      'a sample without the model’s input',
      'other',
      { sample: '{"x":1}' },
      /the model takes `features` .* found none/,
    ],
    [
      'a sample of another length',
      'other',
      { sample: '{"features":[1,2]}' },
      /\[N, 4\] in each record, found \[1,2\]/,
    ],
    ['a sample that is no record', 'other', { sample: '[1]' }, /--sample takes one record/],
  ])('is refused for %s', async (_, name, more, message) => {
    const before = await read('statemachines/index.ts');

    await expect(make(name, 1, more)).rejects.toThrow(message);

    expect(await read('statemachines/index.ts')).toBe(before);
  });

  it('is refused for a model whose first dimension is fixed', async () => {
    const file = join(projectFolder, 'fixed.onnx');
    const model = linearModel({ features: 2, output: 'y', bias: 0 });
    // The name of the dimension "N" becomes its number 1: field 1, an integer, in place of field 2, a text.
    const at = model.indexOf(Buffer.from([0x0a, 0x03, 0x12, 0x01, 0x4e]));
    Buffer.from([0x0a, 0x03, 0x08, 0x81, 0x00]).copy(model, at);
    await writeFile(file, model);

    await expect(make('fixed', 1, { model: file })).rejects.toThrow(
      /expected a first dimension that may vary/,
    );
  });
});

describe('a model whose answer fits no state', () => {
  const output = (size: number) => ({ name: 'map', dtype: 'float32', shape: ['N', size, 100] });

  it('is refused with both sizes, before anything is written', () => {
    expect(() => checkAnswer('m.onnx', [output(300)])).toThrow(/about 330000 bytes .* at most 262144/);
    expect(() => checkAnswer('m.onnx', [output(200)])).not.toThrow();
  });
});

describe('the placeholder model', () => {
  it('is an ONNX model that the runtime opens, with the sum that its comment says', async () => {
    const file = join(projectFolder, 'linear.onnx');
    const bytes = linearModel({ features: 3, output: 'score', bias: 10 });
    await writeFile(file, bytes);
    const session = await openSession(file, ['cpu']);

    const features = {
      dtype: 'float32',
      shape: [2, 3],
      data: Float32Array.from([1, 1, 1, 2, 0, 3]),
    } as const;
    const { score } = await session.run({ features });
    await session.release();

    expect(readOnnxFile(bytes).inputs).toEqual([{ name: 'features', dtype: 'float32', shape: ['N', 3] }]);
    expect(Array.from(score!.data as Float32Array, (one) => Number(one.toFixed(4)))).toEqual([11.8333, 13]);
  });
});
