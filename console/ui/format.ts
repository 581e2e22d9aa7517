// Numbers, times and names as people read them. Pure.

const DAY_MS = 86_400_000;

/** `0.4 ms`, `830 ms`, `2.80 s`, `3 min 20 s`, `2 h 5 min` */
export function lengthText(ms: number | undefined | null): string {
  if (ms == null) return '–';
  if (ms < 10) return `${trim(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${trim((ms / 1000).toFixed(2))} s`;
  if (ms < 3_600_000) return inTwo(Math.round(ms / 1000), 'min', 's');
  return inTwo(Math.round(ms / 60_000), 'h', 'min');
}

/** @param count of the lesser unit, sixty of which make the greater */
function inTwo(count: number, greater: string, lesser: string): string {
  const rest = count % 60;
  return `${Math.floor(count / 60)} ${greater}${rest === 0 ? '' : ` ${rest} ${lesser}`}`;
}

interface Timed {
  readonly status: string;
  readonly start?: string;
  readonly durationMs?: number;
}

/** How long it took, or of what still runs how long it has been running. */
export function tookMs({ status, start, durationMs }: Timed, nowMs = Date.now()): number | undefined {
  if (durationMs !== undefined || status !== 'RUNNING' || start === undefined) return durationMs;
  // The server's clock may be ahead of the reader's.
  return Math.max(0, nowMs - Date.parse(start));
}

function trim(text: string): string {
  return text.replace(/\.?0+$/, '');
}

/** `304 B`, `61.8 kB`, `4.2 MB` */
export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return '–';
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${trim((bytes / 1e3).toFixed(1))} kB`;
  return `${trim((bytes / 1e6).toFixed(1))} MB`;
}

/** `$0.000157`: three digits that count, never as a power of ten; from a dollar on, `$1.50`. */
export function dollarsText(dollars: number | null | undefined): string {
  if (dollars == null) return '–';
  if (dollars === 0) return '$0';
  const digits = dollars >= 1 ? 2 : Math.min(12, 2 - Math.floor(Math.log10(dollars)));
  return `$${dollars.toFixed(digits)}`;
}

/** Of today the time, of other days the date too; in the reader's time zone. */
export function timeText(iso: string | undefined, nowMs = Date.now()): string {
  if (iso === undefined) return '–';
  const time = new Date(iso);
  const clock = time.toLocaleTimeString('en-GB');
  if (nowMs - time.getTime() < DAY_MS && time.getDate() === new Date(nowMs).getDate()) return clock;
  return `${time.toLocaleDateString('en-CA')} ${clock}`;
}

/** With the milliseconds, the date and the zone. */
export function fullTimeText(iso: string | undefined): string {
  if (iso === undefined) return '–';
  const time = new Date(iso);
  const zone = /GMT[+-]?[\d:]*/.exec(time.toLocaleTimeString('en-GB', { timeZoneName: 'longOffset' }))?.[0];
  const ms = String(time.getMilliseconds()).padStart(3, '0');
  return `${time.toLocaleDateString('en-CA')} ${time.toLocaleTimeString('en-GB')}.${ms} ${zone ?? ''}`.trim();
}

export function percentText(share: number | null | undefined): string {
  return share == null ? '–' : `${trim((share * 100).toFixed(1))} %`;
}

/** `12,345` */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** A number with as many digits as help: `0.9093779`, `1300546`, `1.2e-7`. */
export function numberText(value: number | null | undefined): string {
  if (value == null) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(5)));
}

/** `1 attempt`, `2 attempts` */
export function plural(count: number, one: string): string {
  return `${countText(count)} ${one}${count === 1 ? '' : 's'}`;
}
