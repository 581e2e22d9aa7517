// Messages that name a field which a rule hides: `records[3].deck: expected a boolean, "y" or "n", got "…"`. The value is
// taken out whether or not it lies in what the execution got: a child of a batch reads a range of a file, so that its own
// input never holds it. Pure.
import { REDACTED } from './redacted.ts';

/** The last names of the rules' paths: `**.patientId` → `patientId`, `patient.*` → `patient`. */
export function namesOf(rules: readonly (readonly string[])[]): Set<string> {
  const names = rules.map((rule) =>
    rule.findLast((part) => part !== '*' && part !== '**' && !/^\d+$/.test(part)),
  );
  return new Set(names.filter((name) => name !== undefined));
}

/** A text without the values that it tells of these fields. */
export function namedFieldHider(names: ReadonlySet<string>): (text: string) => string {
  if (names.size === 0) return (text) => text;
  const any = [...names].map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  // In a path, quoted, called a field, or before a colon: the bare word may be anything.
  const naming = new RegExp(
    `(?<=[.["'\`])(?:${any})(?!\\w)|\\b(?:field|column|member|property) (?:${any})(?!\\w)|(?<!\\w)(?:${any})(?=["'\`\\])\\\\]*\\s*[:=]|\\[|\\.\\w)`,
    'i',
  );
  const assigned = new RegExp(`((?<!\\w)(?:${any})=)[^\\s,;&"']+`, 'gi');
  return (text) => {
    const found = naming.exec(text);
    return found === null ? text : hidden(text.replaceAll(assigned, `$1${REDACTED}`), found.index, names);
  };
}

const CAME = /\b(?:got|received|found)\b:?\s+/;
const QUOTED = /\\+"[\s\S]*?\\+"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;

/** What came is the rest of the message, since a value may hold anything; what was expected is the contract's own word. */
function hidden(text: string, namedAt: number, names: ReadonlySet<string>): string {
  const came = CAME.exec(text.slice(namedAt));
  if (came === null) return withoutQuoted(text, names);
  const cameAt = namedAt + came.index;
  const expected = text.slice(0, cameAt).lastIndexOf('expected', cameAt);
  const contractAt = expected < namedAt ? cameAt : expected;
  const words = text.slice(contractAt, cameAt + came[0].length);
  return `${withoutQuoted(text.slice(0, contractAt), names)}${words}${REDACTED}`;
}

function withoutQuoted(text: string, names: ReadonlySet<string>): string {
  return text.replaceAll(QUOTED, (quoted) => {
    const inner = quoted.replaceAll(/^\\*["']|\\*["']$/g, '');
    return names.has(inner) ? quoted : quoted.replace(inner, () => REDACTED);
  });
}
