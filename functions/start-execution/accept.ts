// Whether a caller accepts what every pipeline answers with, which is JSON (RFC 9110, 12.5.1). Pure.
import { NotAcceptable } from '../../layers/seriatim/index.ts';

/** What answers are written as. */
export const ANSWER_TYPE = 'application/json';

/** The ranges that this type falls under, the most specific first: that one's weight counts. */
const RANGES = [ANSWER_TYPE, 'application/*', '*/*'];

/** What nearly every client sends; the rest is parsed. */
const USUAL: readonly (string | undefined)[] = [undefined, '', '*/*', ANSWER_TYPE];

/** @throws NotAcceptable for a caller that takes no JSON */
export function checkAccept(accept: string | undefined): void {
  if (USUAL.includes(accept) || weightOf(accept!) > 0) return;
  throw new NotAcceptable(accept!, [ANSWER_TYPE]);
}

function weightOf(accept: string): number {
  const weights = new Map(accept.split(',').map(rangeOf));
  const range = RANGES.find((one) => weights.has(one));
  return range === undefined ? 0 : weights.get(range)!;
}

/** `application/json;indent=2;q=0.5` → its type and weight; other parameters say how, which is left to us. */
function rangeOf(text: string): [type: string, weight: number] {
  const [type, ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((one) => one.startsWith('q='))?.slice(2);
  return [type!, weight === undefined ? 1 : Number(weight)];
}
