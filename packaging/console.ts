// Builds the inspection console (`console/`) into `.build/console/`: an `index.html`, and below `assets/` scripts and
// styles named by their content, each beside what a server sends in its place to who takes Brotli or gzip. Skipped
// when nothing that goes into it has changed. The folder is served by `npm start` and can be put on S3 as it is.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { fingerprint } from './fingerprint.ts';

const CONSOLE = 'console';
const FOLDER = '.build/console';
const MARK = '.build/console.fingerprint';
const INPUTS = [CONSOLE, 'package-lock.json', 'packaging/console.ts'];
const ENTRY = 'console/main.tsx';

/** True as well where there is nothing to build: a project may have no console. */
export async function isConsoleBuilt(projectFolder: string): Promise<boolean> {
  if (!existsSync(join(projectFolder, ENTRY))) return true;
  if (!existsSync(join(projectFolder, FOLDER, 'index.html'))) return false;
  const mark = await readFile(join(projectFolder, MARK), 'utf8').catch(() => '');
  return mark === (await fingerprint(projectFolder, [], INPUTS));
}

/** @throws Error with esbuild's messages */
export async function buildConsole(projectFolder: string): Promise<void> {
  if (await isConsoleBuilt(projectFolder)) return;
  const markFile = join(projectFolder, MARK);
  const mark = await fingerprint(projectFolder, [], INPUTS);
  const folder = join(projectFolder, FOLDER);
  await rm(markFile, { force: true });
  const { outputFiles, metafile } = await build(options(projectFolder));
  // Beside the old one, which may be served at this moment.
  const next = `${folder}-${process.pid}`;
  await Promise.all(
    outputFiles.map(({ path, contents }) => writeAsset(join(next, relative(folder, path)), contents)),
  );
  const page = await readFile(join(projectFolder, CONSOLE, 'index.html'), 'utf8');
  await writeAsset(join(next, 'index.html'), Buffer.from(withAssets(page, metafile)));
  await rm(folder, { recursive: true, force: true });
  await rename(next, folder);
  await writeFile(markFile, mark);
}

function options(projectFolder: string) {
  return {
    absWorkingDir: projectFolder,
    entryPoints: [ENTRY],
    outdir: FOLDER,
    entryNames: 'assets/[name]-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    jsx: 'automatic',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
    metafile: true,
    write: false,
  } satisfies BuildOptions;
}

/** The entry's script and styles, and what it needs at once, so that the browser fetches all of it together. */
function withAssets(page: string, { outputs }: Metafile): string {
  const [script, output] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === ENTRY)!;
  const at = (path: string): string => `./${relative(FOLDER, path).replaceAll('\\', '/')}`;
  const needed = output.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
  const lines = [
    `<link rel="stylesheet" href="${at(output.cssBundle!)}" />`,
    `<script type="module" src="${at(script)}"></script>`,
    ...needed.map((path) => `<link rel="modulepreload" href="${at(path)}" />`),
  ];
  return page.replace('<!-- assets -->', lines.join('\n    '));
}

const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

async function writeAsset(path: string, contents: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const [br, gz] = await Promise.all([
    compressBrotli(contents, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } }),
    compressGzip(contents, { level: 9 }),
  ]);
  await Promise.all([writeFile(path, contents), writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
}
