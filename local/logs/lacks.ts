// What blocks of a log are known not to have in them. Lists of what failed look for the same few words again and again,
// which stand in few blocks: what was looked for in vain is remembered, and the block not read again for it. Ids, which
// have digits, are asked for once and not remembered.
import type { Block } from './segment.ts';

const WORDS = /^[A-Za-z]+$/;
const MOST_WORDS = 8;

/** Holds as long as the block has not grown. */
export function isKnownToLack({ lacks, bytes }: Block, text: string): boolean {
  return lacks.get(text) === bytes;
}

export function rememberLack({ lacks, bytes }: Block, text: string): void {
  if (!WORDS.test(text)) return;
  lacks.delete(text);
  lacks.set(text, bytes);
  if (lacks.size > MOST_WORDS) lacks.delete(lacks.keys().next().value!);
}
