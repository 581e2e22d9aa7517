// The order in which Java's HashMap goes through its keys: that of the columns in the items of a CSV reader.

const MIN_CAPACITY = 16;
const LOAD_FACTOR = 0.75;

/** Keys in a HashMap's order. Keys that look like small integers come first in JavaScript whatever the order. */
export function javaOrder(keys: readonly string[]): string[] {
  let capacity = MIN_CAPACITY;
  while (keys.length > capacity * LOAD_FACTOR) capacity *= 2;
  const bucket = (key: string): number => {
    const hash = javaHash(key);
    return (hash ^ (hash >>> 16)) & (capacity - 1);
  };
  return keys
    .map((key, index) => ({ key, index, bucket: bucket(key) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map(({ key }) => key);
}

/** java.lang.String.hashCode */
function javaHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
