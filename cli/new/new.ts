// `seriatim new`: checks everything first, then writes the files of a new pipeline, makes it known and compiles it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from '../http-api.ts';
import { linearModel } from './placeholder-model.ts';
import { registrations, writeAll } from './register.ts';
import { checkSample, readSignature } from './signature.ts';
import { type Pattern, type Plan, skeleton } from './skeleton.ts';

export interface NewOptions {
  readonly projectFolder: string;
  readonly name: string;
  readonly pattern: Pattern;
  /** An ONNX file; a small linear model unless told. */
  readonly model?: string;
  /** A record as JSON. */
  readonly sample?: string;
}

export interface Written {
  readonly created: readonly string[];
  readonly changed: readonly string[];
}

/** Each word starts with a letter: names become identifiers and back. */
const NAME = /^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/;
const NAME_LENGTH = 40;

/** @throws CommandError, with nothing written */
export async function newPipeline(options: NewOptions): Promise<Written> {
  const { projectFolder, name } = options;
  checkName(name);
  const files = skeleton(await planOf(options));
  checkFree(projectFolder, name, Object.keys(files));
  const registered = await registrations(projectFolder, name);
  for (const file of Object.keys(files)) await mkdir(dirname(join(projectFolder, file)), { recursive: true });
  await writeAll(projectFolder, { ...files, ...registered });
  const written = [...Object.keys(files), ...Object.keys(registered)];
  await format(
    projectFolder,
    written.filter((file) => file.endsWith('.ts') && !file.startsWith('models/')),
  );
  await compile(projectFolder);
  const machines = [`statemachines/${name}.asl.json`, `statemachines/${name}-batch.asl.json`];
  return { created: [...Object.keys(files), ...machines], changed: Object.keys(registered) };
}

function checkName(name: string): void {
  if (NAME.test(name) && name.length <= NAME_LENGTH) return;
  const expected = `words of small letters and digits joined by hyphens, each starting with a letter, at most ${NAME_LENGTH} characters, such as wine-quality`;
  throw new CommandError(`"${name}" is no name for a pipeline: expected ${expected}${nearest(name)}`);
}

/** `Resnet_50` → `; "resnet50" is one` */
function nearest(name: string): string {
  const words = name.replace(/(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+/g, '-').toLowerCase();
  const near = words.replace(/^[^a-z]+|-+$/g, '').replace(/-+(?=\d)/g, '');
  return NAME.test(near) && near.length <= NAME_LENGTH ? `; "${near}" is one` : '';
}

async function planOf({ name, pattern, model, sample }: NewOptions): Promise<Plan> {
  const record = sample === undefined ? {} : { sample: parseSample(sample) };
  if (model !== undefined) {
    const own = await readSignature(model);
    checkSample(record.sample, own.inputs);
    return { name, pattern, signature: own, model: await readFile(model), ...record };
  }
  const signature = {
    inputs: [{ name: 'features', dtype: 'float32', shape: ['N', 4] }],
    outputs: [{ name: 'score', dtype: 'float32', shape: ['N', 1] }],
  };
  checkSample(record.sample, signature.inputs);
  return {
    name,
    pattern,
    signature,
    model: linearModel({ features: 4, output: 'score', bias: 0 }),
    ...record,
  };
}

function parseSample(text: string): Record<string, unknown> {
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record === 'object' && record !== null && !Array.isArray(record))
      return record as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new CommandError(`--sample takes one record as a JSON object, not ${text}`);
}

/** Whatever stands already is somebody's. */
function checkFree(projectFolder: string, name: string, files: readonly string[]): void {
  const folders = files.map((file) => (/^(models|functions)\/[^/]+/.exec(file) ?? [file])[0]);
  const taken = [...new Set(folders)].filter((path) => existsSync(join(projectFolder, path)));
  if (taken.length === 0) return;
  throw new CommandError(`${name} is not written, since there is already ${taken.join(', ')}`);
}

const run = promisify(execFile);

/** As the project's own lint would have it. Without its settings, or the formatter, the files stay as they are. */
async function format(projectFolder: string, files: readonly string[]): Promise<void> {
  if (!existsSync(join(projectFolder, 'biome.json'))) return;
  let command: string;
  try {
    command = createRequire(join(projectFolder, 'package.json')).resolve('@biomejs/biome/bin/biome');
  } catch {
    return;
  }
  await run(process.execPath, [command, 'check', '--write', ...files], { cwd: projectFolder }).catch(
    (thrown: { stderr?: string }) => {
      throw new CommandError(`The written files do not pass the project's lint: ${thrown.stderr ?? ''}`);
    },
  );
}

/** In a process of its own: this one has the definitions as they were. */
async function compile(projectFolder: string): Promise<void> {
  await run(process.execPath, [join(projectFolder, 'statemachines/write-asl.ts')], { cwd: projectFolder });
}
