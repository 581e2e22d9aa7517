// Whether one name is another with a slip of the fingers: what a hint or a refusal goes by.

/** At most one letter put in, left out or changed, or two neighbours swapped. */
export function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [ofA, ofB] = [a, b].map((text) => text.slice(start, text.length - end)) as [string, string];
  const isSwap = ofA.length === 2 && ofA === `${ofB[1]}${ofB[0]}`;
  return isSwap || Math.max(ofA.length, ofB.length) <= 1;
}
