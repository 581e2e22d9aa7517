// Keeps one broken line of a CSV object from taking the lines after it along: a quote that opens a field and is never
// closed would swallow everything to the end. AWS does not say what it does then; here such a line is read as it
// stands, quotes included, and the next one is a row of its own again.

/** A quoted field may span this many lines; a quote that is still open then was never meant to be one. */
const MOST_LINES = 1_000;

/** The text of a CSV object, with the lines whose quotes do not pair quoted as plain text. */
export async function* mendQuotes(
  chunks: AsyncIterable<Uint8Array>,
  delimiter: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const mender = createMender(delimiter);
  for await (const chunk of chunks) {
    const certain = mender.take(decoder.decode(chunk, { stream: true }));
    if (certain !== '') yield certain;
  }
  const last = mender.end(decoder.decode());
  if (last !== '') yield last;
}

interface Mender {
  /** What is certain so far. */
  take(text: string): string;
  end(text: string): string;
}

function createMender(delimiter: string): Mender {
  const wellFormed = wellFormedRecord(delimiter);
  /** The end of the text that is no whole line yet. */
  let rest = '';
  /** Lines of a record whose quotes do not pair yet. */
  let held: string[] = [];

  const addLine = (line: string): string => {
    if (held.length === 0 && !hasOpenQuote(line)) return line;
    held.push(line);
    const record = held.join('');
    if (!hasOpenQuote(record)) {
      if (!wellFormed.test(record)) return giveUp();
      held = [];
      return record;
    }
    return held.length > MOST_LINES ? giveUp() : '';
  };

  /** The first held line stands for itself; those after it are looked at anew. */
  const giveUp = (): string => {
    const [first = '', ...others] = held;
    held = [];
    return asPlainText(first, delimiter) + others.map(addLine).join('');
  };

  return {
    take(text) {
      if (rest === '' && held.length === 0 && !text.includes('"') && text.endsWith('\n')) return text;
      const lines = (rest + text).split(/(?<=\n)/);
      rest = lines.at(-1)?.endsWith('\n') === false ? lines.pop()! : '';
      return lines.map(addLine).join('');
    },
    end(text) {
      const last = rest + text;
      rest = '';
      let mended = last === '' ? '' : addLine(last);
      while (held.length > 0) mended += giveUp();
      return mended;
    },
  };
}

function hasOpenQuote(text: string): boolean {
  let isOpen = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) isOpen = !isOpen;
  return isOpen;
}

/** RFC 4180: a quoted field fills its place whole. */
function wellFormedRecord(delimiter: string): RegExp {
  const mark = delimiter === '|' ? '\\|' : delimiter;
  return new RegExp(`^(?:(?:"(?:[^"]|"")*"|[^"${mark}\\r\\n]*)(?:${mark}|\\r?\\n|$))*$`);
}

function asPlainText(line: string, delimiter: string): string {
  const [, text = '', end = ''] = /^([^\r\n]*)(\r?\n?)$/.exec(line) ?? [];
  const fields = text.split(delimiter).map((field) => (field.includes('"') ? quoted(field) : field));
  return fields.join(delimiter) + end;
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
