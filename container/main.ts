#!/usr/bin/env node
// The program inside the container: `node container/main.ts serve`. SageMaker starts it with the one argument `serve`;
// with others it is the package's command line.
// All it does is set up memory before anything else is loaded. From the compile cache the program starts faster and
// without Node's TypeScript compiler; with NODE_COMPILE_CACHE set this file comes from it too (95 MB resident in place
// of 123). A small young generation keeps what a burst of requests leaves behind small (114 MB in place of 126) at no
// cost that could be measured: tensors and bodies lie outside the heap.
import { enableCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--max-semi-space-size=2');
setFlagsFromString('--semi-space-growth-factor=1');
enableCompileCache();
const [command = 'serve', ...others] = process.argv.slice(2);
await (command === 'serve' && others.length === 0
  ? import('./program.ts')
  : import('./tools/command-line.ts'));
