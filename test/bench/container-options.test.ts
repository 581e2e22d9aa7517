import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const run = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8' });

describe("the container's benches", () => {
  it.each(['container', 'container-ceiling', 'container-loading', 'container-memory'])(
    '%s tells its options and measures nothing',
    (name) => {
      const { status, stdout, stderr } = run(`bench/${name}.ts`, '--help');

      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^npx node bench/${name}\\.ts .*\n\n.+\n\n {2}--\\w+`));
    },
  );

  it.each([
    [['--rounds', 'many'], /^--rounds takes a number above 0, not "many"\.$/m],
    [['--model', 'none'], /^--model takes one of tabular, image, dense, not "none"\.$/m],
    [['--clients', '1,,8'], /^--clients takes numbers above 0/m],
    [['--round', '3'], /^Unknown option '--round'/m],
  ])('refuse %j in a line, with the help and no stack trace', (args, message) => {
    const { status, stderr } = run('bench/container.ts', ...args);

    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
