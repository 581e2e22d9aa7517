// Text for a terminal of 100 columns: values shortened to one line, lengths of time, tables. No colour: what matters
// stands in words and symbols.

export const WIDTH = 100;

/** One line of at most `width` characters; what was cut is marked by an ellipsis. */
export function shorten(text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** A value as one line of JSON. */
export function shortValue(value: unknown, width: number): string {
  return value === undefined ? '' : shorten(typeof value === 'string' ? value : JSON.stringify(value), width);
}

/** `0.11 ms`, `21 ms`, `1.25 s`, `2 m 05 s`, `1 h 02 m`. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 10) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(2))} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`;
}

/** `$1.25`, `$0.0000025`: three digits of a small sum, never a power of ten. */
export function formatDollars(dollars: number | null | undefined): string {
  if (dollars == null) return '–';
  if (dollars === 0) return '$0';
  const digits = dollars >= 1 ? 2 : Math.min(12, 2 - Math.floor(Math.log10(dollars)));
  return `$${dollars.toFixed(digits)}`;
}

/** `512 B`, `3.4 KB`, `1.2 MB`. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Number((bytes / 1000).toFixed(1))} KB`;
  return `${Number((bytes / 1_000_000).toFixed(1))} MB`;
}

/** `4 of 303 records failed`. */
export function recordsText({ failed, total }: { readonly failed: number; readonly total: number }): string {
  return `${failed} of ${total} records failed`;
}

/** `2026-11-22 17:00:00.123` in UTC. */
export function formatTime(iso: string | undefined): string {
  return iso === undefined ? '–' : iso.replace('T', ' ').replace('Z', '');
}

/** Columns as wide as their widest cell; trailing spaces cut. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

/** Text broken at spaces into lines of at most `width` characters; a longer word is cut across lines. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((each) => pieces(each, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function pieces(word: string, width: number): string[] {
  const cut: string[] = [];
  for (let at = 0; at < word.length || at === 0; at += width) cut.push(word.slice(at, at + width));
  return cut;
}
