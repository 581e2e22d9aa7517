// Regular expressions of definitions, bounded in time: one that backtracks without end must fail its own execution and
// hold up no other. V8 goes over to its linear-time engine after too many backtracks; a pattern that this engine cannot
// run (look-around, back references, `i`, long repetitions) is run by a context that can be interrupted.
import { setFlagsFromString } from 'node:v8';
import { type Context, createContext, runInContext } from 'node:vm';

// Before any pattern of a definition is compiled.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
// Only for the flag `l`, by which V8 tells whether it can run a pattern in linear time.
setFlagsFromString('--enable-experimental-regexp-engine');

/** For all matches of one evaluation together. */
const BUDGET_MS = 250;

/** What JSONata and JSONPath need of a `RegExp`. */
export interface Matcher {
  lastIndex: number;
  /** @throws RegexpTimeoutError */
  exec(text: string): RegExpExecArray | null;
}

/** The library's own code for an evaluation that takes too long. */
export class RegexpTimeoutError extends Error {
  readonly code = 'D1012';
  /** What the library puts into its sentence. */
  readonly value = BUDGET_MS;
}

/** @returns the pattern, or what runs it with a bound */
export function boundedRegExp(pattern: RegExp): Matcher {
  return isLinear(pattern) ? new RegExp(pattern) : new TimedRegExp(pattern);
}

const linear = new Map<string, boolean>();
const MOST_REMEMBERED = 1000;

function isLinear({ source, flags }: RegExp): boolean {
  const key = `${flags}/${source}`;
  const known = linear.get(key);
  if (known !== undefined) return known;
  if (linear.size >= MOST_REMEMBERED) linear.clear();
  const answer = runsInLinearTime(source, flags);
  linear.set(key, answer);
  return answer;
}

function runsInLinearTime(source: string, flags: string): boolean {
  try {
    return new RegExp(source, `${flags}l`) !== undefined;
  } catch {
    return false;
  }
}

let context: Context | undefined;

class TimedRegExp implements Matcher {
  private readonly pattern: RegExp;
  private leftMs = BUDGET_MS;

  constructor(pattern: RegExp) {
    this.pattern = new RegExp(pattern);
  }

  get lastIndex(): number {
    return this.pattern.lastIndex;
  }

  set lastIndex(index: number) {
    this.pattern.lastIndex = index;
  }

  exec(text: string): RegExpExecArray | null {
    const begunMs = performance.now();
    context ??= createContext({});
    Object.assign(context, { pattern: this.pattern, text });
    try {
      return runInContext('pattern.exec(text)', context, { timeout: Math.max(1, Math.ceil(this.leftMs)) });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw thrown;
      throw new RegexpTimeoutError('Expression evaluation timeout: a regular expression takes too long');
    } finally {
      this.leftMs -= performance.now() - begunMs;
    }
  }
}
