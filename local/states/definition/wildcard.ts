// `StringMatches` of a Choice rule: `*` stands for any characters, `\*` and `\\` for themselves. In linear time: between
// two stars the first place that fits is as good as any other, and is never gone back to.
// https://states-language.net/spec.html#choice-state

/** The texts between the stars: one more than there are stars. */
type Segments = readonly string[];

const compiled = new Map<string, Segments>();
const MOST_PATTERNS = 1000;

export function matchesWildcards(text: string, pattern: string): boolean {
  const segments = segmentsOf(pattern);
  const [first, last] = [segments[0]!, segments.at(-1)!];
  if (segments.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const segment of segments.slice(1, -1)) {
    const found = indexOf(text, segment, at);
    if (found < 0 || found + segment.length > end) return false;
    at = found + segment.length;
  }
  return true;
}

function segmentsOf(pattern: string): Segments {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (compiled.size >= MOST_PATTERNS) compiled.clear();
  const segments: string[] = [];
  let segment = '';
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === '\\' && (pattern[at + 1] === '*' || pattern[at + 1] === '\\')) at += 1;
    else if (pattern[at] === '*') {
      segments.push(segment);
      segment = '';
      continue;
    }
    segment += pattern[at];
  }
  segments.push(segment);
  compiled.set(pattern, segments);
  return segments;
}

/** From here on the engine's own search, which is quadratic at worst, would be felt. */
const LONG = 64;

/** `text.indexOf(segment, from)` in linear time (Knuth, Morris, Pratt). */
function indexOf(text: string, segment: string, from: number): number {
  if (segment.length < LONG) return text.indexOf(segment, from);
  const borders = bordersOf(segment);
  let matched = 0;
  for (let at = from; at < text.length; at += 1) {
    while (matched > 0 && text[at] !== segment[matched]) matched = borders[matched - 1]!;
    if (text[at] === segment[matched]) matched += 1;
    if (matched === segment.length) return at - matched + 1;
  }
  return -1;
}

/** Of each beginning, how long its longest proper beginning is that also ends it. */
function bordersOf(segment: string): Uint32Array {
  const borders = new Uint32Array(segment.length);
  let border = 0;
  for (let at = 1; at < segment.length; at += 1) {
    while (border > 0 && segment[at] !== segment[border]) border = borders[border - 1]!;
    if (segment[at] === segment[border]) border += 1;
    borders[at] = border;
  }
  return borders;
}
