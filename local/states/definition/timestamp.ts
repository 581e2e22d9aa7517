// Timestamps as Step Functions takes them: ISO 8601 with `T`, and `Z` or an offset.
import type { Json } from '../json/text.ts';

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** Milliseconds since the epoch; undefined for anything that is no timestamp. */
export function parseTimestamp(value: Json): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = TIMESTAMP.exec(value);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  if (month! < 1 || month! > 12 || day! < 1 || hour! > 23 || minute! > 59 || (second || 0) > 59)
    return undefined;
  const lastDay = new Date(Date.UTC(year!, month!, 0)).getUTCDate();
  if (day! > lastDay) return undefined;
  const fraction = match[7] === undefined ? 0 : Math.trunc(Number(match[7]) * 1000);
  const at = Date.UTC(year!, month! - 1, day!, hour!, minute!, second || 0, fraction);
  return at - offsetMs(match[8]!);
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return sign * minutes * 60_000;
}
