// The word that a misspelt one was probably meant to be.

/** ` (did you mean "inference-pipeline"?)`, or nothing where none is near. */
export function didYouMean(found: string, known: readonly string[]): string {
  const [near] = known
    .map((word) => ({ word, distance: distanceOf(found.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.max(1, word.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return near === undefined ? '' : ` (did you mean "${near.word}"?)`;
}

/** Characters to add, drop or change: Levenshtein's distance. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
