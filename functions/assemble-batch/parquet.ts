// Parquet, written: every column optional, a row group per part, one plain uncompressed page per column. A column is of
// numbers (DOUBLE), booleans or text, by the first value that it has; anything else is text as JSON.
// https://parquet.apache.org/docs/file-format/
import { InvalidPayload } from '../../layers/seriatim/index.ts';
import { encodeStruct, type ThriftStruct } from './thrift.ts';

type Row = Readonly<Record<string, unknown>>;
type Kind = 'number' | 'boolean' | 'string';

const PHYSICAL: Readonly<Record<Kind, number>> = { boolean: 0, number: 5, string: 6 };
const [OPTIONAL, UTF8, PLAIN, RLE, UNCOMPRESSED, DATA_PAGE] = [1, 0, 0, 3, 0, 0];
const MAGIC = Buffer.from('PAR1');

interface PagePlace {
  readonly offset: number;
  readonly bytes: number;
}

export class ParquetEncoder {
  readonly #columns: readonly string[];
  readonly #kinds = new Map<string, Kind>();
  readonly #groups: { readonly rows: number; readonly pages: readonly PagePlace[] }[] = [];
  #at = 0;

  constructor(columns: readonly string[]) {
    this.#columns = columns;
  }

  start(): Buffer {
    this.#at = MAGIC.length;
    return MAGIC;
  }

  /** @throws InvalidPayload when a column has numbers in one record and text in another */
  group(rows: readonly Row[]): Buffer {
    const pages: PagePlace[] = [];
    const buffers = this.#columns.map((column) => {
      const page = this.#page(column, rows);
      pages.push({ offset: this.#at, bytes: page.length });
      this.#at += page.length;
      return page;
    });
    this.#groups.push({ rows: rows.length, pages });
    return Buffer.concat(buffers);
  }

  end(): Buffer {
    const footer = encodeStruct(this.#metadata());
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return Buffer.concat([footer, length, MAGIC]);
  }

  #page(column: string, rows: readonly Row[]): Buffer {
    const present = rows.map((row) => row[column]).filter((value) => value !== undefined && value !== null);
    const body = Buffer.concat([levels(rows.map((row) => row[column])), this.#values(column, present)]);
    const header = encodeStruct({
      1: DATA_PAGE!,
      2: body.length,
      3: body.length,
      5: { 1: rows.length, 2: PLAIN!, 3: RLE!, 4: RLE! },
    });
    return Buffer.concat([header, body]);
  }

  #values(column: string, present: readonly unknown[]): Buffer {
    if (present.length === 0) return Buffer.alloc(0);
    const kind = this.#kinds.get(column) ?? kindOf(present[0]);
    this.#kinds.set(column, kind);
    const wrong = present.find((value) => kindOf(value) !== kind);
    if (wrong !== undefined)
      throw new InvalidPayload(`The column "${column}" holds ${kindOf(wrong)} beside ${kind}: a Parquet column is of one kind.`);
    if (kind === 'number') return doubles(present as number[]);
    return kind === 'boolean' ? bits(present as boolean[]) : texts(present);
  }

  #metadata(): ThriftStruct {
    const leaves = this.#columns.map((name) => ({ 1: this.#type(name), 3: OPTIONAL!, 4: name, 6: this.#converted(name) }));
    const rows = this.#groups.reduce((sum, group) => sum + group.rows, 0);
    return {
      1: 1,
      2: [{ 4: 'schema', 5: leaves.length }, ...leaves],
      3: BigInt(rows),
      4: this.#groups.map((group) => this.#groupMetadata(group)),
      6: 'seriatim',
    };
  }

  #groupMetadata({ rows, pages }: { readonly rows: number; readonly pages: readonly PagePlace[] }): ThriftStruct {
    const chunks = pages.map(({ offset, bytes }, i): ThriftStruct => {
      const name = this.#columns[i]!;
      const size = BigInt(bytes);
      const meta = {
        1: this.#type(name),
        2: [PLAIN!, RLE!],
        3: [name],
        4: UNCOMPRESSED!,
        5: BigInt(rows),
        6: size,
        7: size,
        9: BigInt(offset),
      };
      return { 2: BigInt(offset), 3: meta };
    });
    const bytes = pages.reduce((sum, page) => sum + page.bytes, 0);
    return { 1: chunks, 2: BigInt(bytes), 3: BigInt(rows) };
  }

  /** A column without any value is of text. */
  #type(column: string): number {
    return PHYSICAL[this.#kinds.get(column) ?? 'string'];
  }

  #converted(column: string): number | undefined {
    return (this.#kinds.get(column) ?? 'string') === 'string' ? UTF8 : undefined;
  }
}

function kindOf(value: unknown): Kind {
  return typeof value === 'number' || typeof value === 'boolean' ? (typeof value as Kind) : 'string';
}

/** Which rows have a value: one bit each, as a single run of packed bits, after its length. */
function levels(values: readonly unknown[]): Buffer {
  const groups = Math.ceil(values.length / 8);
  const header: number[] = [];
  let run = groups * 2 + 1;
  for (; run >= 128; run = Math.floor(run / 128)) header.push((run % 128) + 128);
  header.push(run);
  const packed = bits(values.map((value) => value !== undefined && value !== null));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length + groups);
  return Buffer.concat([length, Buffer.from(header), packed]);
}

function bits(values: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) if (values[i]) bytes[i >> 3]! |= 1 << (i & 7);
  return bytes;
}

function doubles(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (let i = 0; i < values.length; i++) bytes.writeDoubleLE(values[i]!, i * 8);
  return bytes;
}

function texts(values: readonly unknown[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const text = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}
