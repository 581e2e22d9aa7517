// `StringMatches` of a Choice rule: `*` stands for any characters, `\*` and `\\` for themselves. In linear space and at
// worst quadratic time: only the last `*` is ever gone back to.
// https://states-language.net/spec.html#choice-state

/** The text between two stars, and the stars: where one stands there is undefined. */
type Token = string | undefined;

const compiled = new Map<string, readonly Token[]>();
const MOST_PATTERNS = 1000;

export function matchesWildcards(text: string, pattern: string): boolean {
  const tokens = tokensOf(pattern);
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    if (token < tokens.length && tokens[token] === undefined) {
      star = token;
      starAt = at;
      token += 1;
    } else if (token < tokens.length && tokens[token] === text[at]) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      token = star + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === undefined);
}

function tokensOf(pattern: string): readonly Token[] {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_PATTERNS) compiled.clear();
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const next = pattern[at + 1];
    if (pattern[at] === '*') tokens.push(undefined);
    else if (pattern[at] === '\\' && (next === '*' || next === '\\')) {
      tokens.push(next);
      at += 1;
    } else tokens.push(pattern[at]);
  }
  compiled.set(pattern, tokens);
  return tokens;
}
