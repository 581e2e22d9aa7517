// Lines of JSON Lines that are requests, `{"instances":[…]}`: each instance is a record. Counted where a file is cut and
// read where its chunks are, so both ask here. Pure.
import { isUtf8 } from 'node:buffer';
import { STATE_BYTES_LIMIT } from '../payload.ts';

/** As many as a request may have: a child's records are bounded. */
const INSTANCES_LIMIT = 500;

const [SPACE, QUOTE, OPEN_OBJECT] = [32, 34, 123];
const KEY = Buffer.from('"instances"');

/** The instances of a line that begins with that key; undefined for any other line, and for one that cannot be read. */
export function instancesIn(line: Buffer, encoding: 'latin1' | 'utf8'): readonly unknown[] | undefined {
  if (line.length > STATE_BYTES_LIMIT || !beginsWithInstances(line)) return undefined;
  if (encoding === 'utf8' && !isUtf8(line)) return undefined;
  try {
    const { instances } = JSON.parse(line.toString(encoding)) as { instances: unknown };
    const isList = Array.isArray(instances) && instances.length > 0 && instances.length <= INSTANCES_LIMIT;
    return isList ? (instances as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}

/** Looks at the first bytes alone: a file has millions of lines. */
function beginsWithInstances(line: Buffer): boolean {
  let at = 0;
  while (at < line.length && (line[at]! <= SPACE || line[at] === OPEN_OBJECT)) at++;
  if (line[at] !== QUOTE || line[at + 1] !== KEY[1]) return false;
  return line.subarray(at, at + KEY.length).equals(KEY);
}
