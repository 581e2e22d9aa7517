// Files that commands are given; `-` is standard input.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CommandError } from '../http-api.ts';

/** @throws CommandError in one line */
export async function readTextFile(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  return readFile(file, 'utf8').catch((thrown: Error) => {
    throw new CommandError(`${file} cannot be read: ${thrown.message}`);
  });
}

/** @throws CommandError for what is no JSON */
export async function readJsonFile(file: string): Promise<unknown> {
  const content = await readTextFile(file);
  try {
    return JSON.parse(content) as unknown;
  } catch (thrown) {
    throw new CommandError(`${file} is not JSON: ${(thrown as Error).message}`);
  }
}
