// Whether one name is another with a slip of the fingers: a letter too many, too few, wrong, or two changed places.

/** Names further apart than this are other names. */
const SLIP = 2;

/** By the optimal string alignment distance: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance */
export function isMisspelt(written: string, meant: string): boolean {
  if (written === meant || Math.abs(written.length - meant.length) > SLIP) return false;
  let beforeLast: number[] = [];
  let last = Array.from({ length: meant.length + 1 }, (_, column) => column);
  for (let row = 1; row <= written.length; row++) {
    const current = [row];
    for (let column = 1; column <= meant.length; column++) {
      const cost = written[row - 1] === meant[column - 1] ? 0 : 1;
      const edits = [last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + cost];
      const isSwapped = written[row - 1] === meant[column - 2] && written[row - 2] === meant[column - 1];
      if (isSwapped) edits.push(beforeLast[column - 2]! + 1);
      current.push(Math.min(...edits));
    }
    [beforeLast, last] = [last, current];
  }
  return last[meant.length]! <= SLIP;
}
