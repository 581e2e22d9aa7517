// Bundles with esbuild: one file per function under `.build/functions/<name>/index.mjs`, and the shared layer under
// `.build/layers/seriatim/nodejs/`. A function's import of the layer's entry becomes the path that the layer has once
// deployed, so the library and the SDK clients are bundled once. Used by packaging, and by `npm run dev` to watch.
import { existsSync, readdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { type BuildContext, type BuildOptions, type BuildResult, context, type Plugin, stop } from 'esbuild';

export interface BundleOptions {
  /** Absolute. */
  readonly projectFolder: string;
  /** Go on bundling what changes, until `close` is called. */
  readonly watch?: boolean;
  /** Watching only: called after a rebuild with what it gave. */
  readonly onRebuilt?: (rebuilt: Rebuilt) => void;
}

/** One rebuild: of a function by its name, or of the layer. */
export interface Rebuilt {
  readonly kind: 'function' | 'layer';
  readonly name: string;
  /** esbuild's messages when the code does not build; the old bundle stays. */
  readonly errors: readonly string[];
}

export interface Bundles {
  readonly functions: readonly string[];
  /** Ends watching. */
  close(): Promise<void>;
}

const LAYER = 'seriatim';
const LAYER_PATH = `/opt/nodejs/${LAYER}.mjs`;

/** @throws Error with esbuild's messages when a bundle does not build */
export async function bundle(options: BundleOptions): Promise<Bundles> {
  const functions = listFunctions(options.projectFolder);
  const jobs: Job[] = [
    { kind: 'layer', name: LAYER, build: layerBuild(options.projectFolder) },
    ...functions.map(
      (name): Job => ({ kind: 'function', name, build: functionBuild(options.projectFolder, name) }),
    ),
  ];
  const contexts = await Promise.all(jobs.map((job) => prepare(job, options)));
  const close = async (): Promise<void> => {
    await Promise.all(contexts.map((one) => one.dispose()));
  };
  /** With esbuild's own process, which would stay with its memory until this one ends. */
  const end = async (): Promise<void> => {
    await close();
    await stop();
  };
  try {
    await Promise.all(jobs.map((job, i) => build(contexts[i]!, job, options)));
  } catch (thrown) {
    // A context that is left open keeps the process alive.
    await end();
    throw thrown;
  }
  if (options.watch !== true) await end();
  return { functions, close };
}

/** The folders of `functions/` that have an entry. */
export function listFunctions(projectFolder: string): string[] {
  const folder = join(projectFolder, 'functions');
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'index.ts')))
    .sort();
}

interface Job {
  readonly kind: Rebuilt['kind'];
  readonly name: string;
  readonly build: BuildOptions;
}

function prepare(job: Job, options: BundleOptions): Promise<BuildContext> {
  const plugins = [...(job.build.plugins ?? []), ...(options.watch ? [reportPlugin(job, options)] : [])];
  return context({ ...job.build, plugins });
}

async function build(prepared: BuildContext, job: Job, options: BundleOptions): Promise<void> {
  const { metafile } = await prepared.rebuild();
  await removeStale(join(options.projectFolder, job.build.outdir!), Object.keys(metafile!.outputs));
  if (options.watch) await prepared.watch();
}

/** Chunks are named by their content: those of an earlier build would be packed with the new ones. */
async function removeStale(folder: string, outputs: readonly string[]): Promise<void> {
  const current = new Set(outputs.map((output) => basename(output)));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !current.has(entry.name)) await rm(join(entry.parentPath, entry.name));
  }
}

/** `mainFields` prefers ES modules: the SDK's CommonJS files would be a third larger and fail when loaded. */
function sharedOptions(projectFolder: string): BuildOptions {
  return {
    absWorkingDir: projectFolder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    keepNames: true,
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    legalComments: 'none',
    logLevel: 'silent',
    metafile: true,
  };
}

/** The clients are split off, so that a function which calls no AWS service loads none of them. */
function layerBuild(projectFolder: string): BuildOptions {
  return {
    ...sharedOptions(projectFolder),
    entryPoints: { [LAYER]: join('layers', LAYER, 'index.ts') },
    outdir: join('.build/layers', LAYER, 'nodejs'),
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  };
}

function functionBuild(projectFolder: string, name: string): BuildOptions {
  return {
    ...sharedOptions(projectFolder),
    entryPoints: { index: join('functions', name, 'index.ts') },
    outdir: join('.build/functions', name),
    plugins: [layerPlugin(projectFolder)],
  };
}

/** Only the layer's entry is external: what is imported from within the layer by path is bundled with the function. */
function layerPlugin(projectFolder: string): Plugin {
  const entry = join(projectFolder, 'layers', LAYER, 'index.ts');
  return {
    name: 'layer',
    setup(build) {
      build.onResolve({ filter: /layers\/seriatim\/index\.ts$/ }, ({ resolveDir, path }) => {
        if (join(resolveDir, path) !== entry) return undefined;
        return { path: LAYER_PATH, external: true };
      });
    },
  };
}

/** Reports every rebuild but the first, which `bundle` itself waits for. */
function reportPlugin(job: Job, { onRebuilt }: BundleOptions): Plugin {
  let builds = 0;
  return {
    name: 'report',
    setup(build) {
      build.onEnd((result) => {
        builds++;
        // The second build is the one with which watching begins.
        if (builds > 2) onRebuilt?.({ kind: job.kind, name: job.name, errors: messagesOf(result) });
      });
    },
  };
}

function messagesOf(result: BuildResult): string[] {
  return result.errors.map(({ text, location }) =>
    location === null ? text : `${relative('.', location.file)}:${location.line}:${location.column}: ${text}`,
  );
}
