// Finds states of one name in one `States` object: what is parsed keeps only the last of them, so the text itself is
// read. The specification wants names to be unique within the whole state machine.
// https://states-language.net/spec.html#states-fields
import type { Diagnostic } from './diagnostics.ts';

/** An object or array that is open where the reading stands. */
interface Open {
  readonly isArray: boolean;
  /** Pointer of the object itself. */
  readonly at: string;
  /** Names so far, of an object that holds states. */
  readonly names: Set<string> | undefined;
  /** The member that is being read. */
  key: string;
  index: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** The machine's states, and those of its branches and item processors; not a payload's member of that name. */
const HOLDS_STATES = /^(?:\/States\/[^/]*\/(?:Branches\[\d+\]|ItemProcessor|Iterator))*\/States$/;

/** @param text valid JSON */
export function repeatedStates(text: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const open: Open[] = [];
  let string = '';
  for (const [token] of text.matchAll(TOKEN)) {
    const inside = open.at(-1);
    if (token === '{' || token === '[') open.push(opened(inside, token));
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (inside !== undefined) inside.index += 1;
    } else if (token !== ':') string = token;
    else if (inside !== undefined) nameMember(inside, JSON.parse(string) as string, found);
  }
  return found;
}

function opened(parent: Open | undefined, token: string): Open {
  const step = parent?.isArray ? `[${parent.index}]` : `/${parent?.key}`;
  const at = parent === undefined ? '' : parent.at + step;
  const isArray = token === '[';
  const names = !isArray && HOLDS_STATES.test(at) ? new Set<string>() : undefined;
  return { isArray, at, names, key: '', index: 0 };
}

function nameMember(inside: Open, key: string, found: Diagnostic[]): void {
  // A name with a slash must not look like two steps of the pointer.
  inside.key = key.replaceAll('/', '~1');
  if (inside.names === undefined) return;
  if (inside.names.has(key)) {
    found.push({
      severity: 'ERROR',
      code: 'DUPLICATE_STATE_NAME',
      message: `Duplicate State name: ${key}`,
      location: `${inside.at}/${key}`,
    });
  }
  inside.names.add(key);
}
