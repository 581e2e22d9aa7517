// What `dev` does for the inspection page: it is built anew when its source changes, and the next look at it shows that.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildConsole } from '../../packaging/console.ts';
import { watchFolder } from './watch-folder.ts';

/** @returns what ends watching; a project may have no console */
export function watchConsole(projectFolder: string, print: (line: string) => void): { close(): void } {
  const folder = join(projectFolder, 'console');
  if (!existsSync(folder)) return { close: () => {} };
  return watchFolder(folder, {
    fits: (file) => /\.(tsx?|css|html)$/.test(file),
    update: async () => {
      const begunMs = performance.now();
      await buildConsole(projectFolder);
      print(`  console: built in ${Math.round(performance.now() - begunMs)} ms; reload the page`);
    },
    onFailed: (thrown, file) => {
      print(`  console/${file}: ${(thrown as Error).message.split('\n').slice(0, 2).join(' ')}`);
      print('  console: the old page goes on');
    },
  });
}
