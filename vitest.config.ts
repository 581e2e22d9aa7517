// How `npm cit` runs the tests: one process per file group, no isolation between files (ten times faster),
// so a test must leave nothing behind in module state.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
