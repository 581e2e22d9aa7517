// What a payload says of a picture, in few words: its labels, theme, quality. Pure.
import type { RenderedPayload } from '../../layers/seriatim/inspection/api.ts';
import { numberText } from '../ui/format.ts';

const MOST = 8;
const LIST_MOST = 12;
/** When a stage began is no label. */
const TIME = /^\d{4}-\d\d-\d\dT/;

/** Words and numbers that stand in the payload's JSON under a name, the outermost first. */
export function labelsOf(
  payload: RenderedPayload | undefined,
): readonly (readonly [name: string, text: string])[] {
  const json = payload?.parts.find((part) => part.kind === 'json');
  return json === undefined ? [] : collect(json.value).slice(0, MOST);
}

function collect(value: unknown): (readonly [string, string])[] {
  if (Array.isArray(value)) return value.length === 1 ? collect(value[0]) : [];
  if (typeof value !== 'object' || value === null) return [];
  const members = Object.entries(value).filter(([name]) => !name.startsWith('$') && name !== 'position');
  const own = members.flatMap(([name, one]) => {
    const text = labelText(one);
    return text === undefined ? [] : [[name, text] as const];
  });
  const below = members.flatMap(([, one]) => (labelText(one) === undefined ? collect(one) : []));
  return [...own, ...below];
}

function labelText(value: unknown): string | undefined {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return value.length > 80 || TIME.test(value) ? undefined : value;
  if (!Array.isArray(value) || value.length === 0 || value.length > LIST_MOST) return undefined;
  return value.every((one) => typeof one === 'string') ? value.join(', ') : undefined;
}
