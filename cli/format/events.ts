// One history event as a line: its number, when, what, of which state, and what it says in short.
import type { EventView } from '../../layers/seriatim/inspection/api.ts';
import { formatBytes, formatMs, shorten, WIDTH } from './text.ts';

export function eventLine({ id, offsetMs, type, stage, details }: EventView): string {
  const head = `${String(id).padStart(5)}  ${`+${formatMs(offsetMs)}`.padStart(10)}  ${type.padEnd(24)} ${(stage ?? '').padEnd(20)}`;
  const line = `${head} ${summaryOf(details)}`;
  const characters = [...line];
  return (characters.length <= WIDTH ? line : `${characters.slice(0, WIDTH - 1).join('')}…`).trimEnd();
}

/** An error, then payloads by their size or by what they are. */
function summaryOf(details: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(details)
    .filter(([name]) => !name.endsWith('Details') && name !== 'name' && name !== 'roleArn')
    .sort(([a], [b]) => Number(b === 'error') - Number(a === 'error'))
    .map(([name, value]) => `${name} ${valueText(value)}`);
  return parts.join('  ');
}

function valueText(value: unknown): string {
  const bytes = (value as { bytes?: unknown } | null)?.bytes;
  if (typeof bytes === 'number') return formatBytes(bytes);
  return shorten(typeof value === 'string' ? value : JSON.stringify(value), WIDTH);
}
