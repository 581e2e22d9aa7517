#!/usr/bin/env node
// The program inside the container: `node container/main.ts serve`. SageMaker starts it with the one argument `serve`.
// All it does is switch Node's compile cache on before anything else is loaded: from the cache the program starts
// faster and without Node's TypeScript compiler in memory. With NODE_COMPILE_CACHE set this file comes from it too
// (88 MB resident in place of 123).
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./program.ts');
