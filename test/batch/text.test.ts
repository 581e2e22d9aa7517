// Cutting and reading of record files, and the payloads that records travel in.
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutChunks } from '../../functions/split-batch/cut-lines.ts';
import { elementLines } from '../../functions/split-batch/json-array.ts';
import {
  cellsOf,
  cutRecords,
  decodeFrames,
  decodePart,
  decodeRecords,
  encodeFrames,
  encodePart,
  encodeRecords,
  type RecordEnvelope,
  recordsIn,
} from '../../layers/seriatim/index.ts';

const cell = fc.string({ unit: fc.constantFrom('a', 'ä', ',', '"', '\n', '\r\n', ' ', '7'), maxLength: 8 });
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const rows = fc.array(fc.tuple(fc.constantFrom('x', 'y'), cell, cell), { minLength: 1, maxLength: 30 });

/** The bytes in blocks of other sizes than the records'. */
async function* blocksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('lines that are requests', () => {
  it('are as many records as they have instances, wherever chunks end', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        '{"a":0}',
        '{"instances":[]}',
        '{"instances":5}',
        '{"instances":[1',
        '{"b":"instances"}',
      ),
      fc
        .array(fc.integer(), { minLength: 1, maxLength: 5 })
        .map((instances) => ` { "instances" : ${JSON.stringify(instances)}}`),
    );
    const property = fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 40 }),
      async (lines, size) => {
        const bytes = Buffer.from(lines.join('\n'));
        const reading = { format: 'jsonl' as const, encoding: 'utf-8' as const };
        const limits = { maxRecords: 3, maxBytes: 1e6, offset: 0, keepsBytes: true };

        const chunks = await collected(cutChunks(blocksOf(bytes, size), { format: 'jsonl', ...limits }));
        const read = chunks.flatMap(({ first, bytes: own }) => [...recordsIn(own!, reading, first)]);

        expect(read).toEqual([...recordsIn(bytes, reading, 0)]);
        expect(read.map(({ position }) => position)).toEqual(read.map((_, i) => i));
        expect(read).toHaveLength(chunks.reduce((sum, { count }) => sum + count, 0));
      },
    );
    await fc.assert(property);
  });

  it('give their instances in order', () => {
    const bytes = Buffer.from('{"a":1}\n{"instances":[{"a":2},{"a":3}]}\n{"a":4}\n');

    expect([...recordsIn(bytes, { format: 'jsonl', encoding: 'utf-8' }, 10)]).toEqual(
      [1, 2, 3, 4].map((a, i) => ({ position: 10 + i, value: { a } })),
    );
  });
});

describe('CSV records', () => {
  it('that were cut off are errors, not rows whose last cells are empty', () => {
    const reading = { format: 'csv' as const, encoding: 'utf-8' as const, columns: ['a', 'b', 'c'] };

    expect([...recordsIn(Buffer.from('1,2\n1,2,\n'), reading, 0)]).toEqual([
      {
        position: 0,
        error: expect.objectContaining({
          code: 'InvalidPayload',
          message: expect.stringMatching(/has 2 cells; the file has 3 columns/),
        }),
      },
      { position: 1, value: { a: '1', b: '2', c: '' } },
    ]);
  });

  it('have the cells that csv-parse finds', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), (table, end) => {
        const text = table.map((row) => row.map(quoted).join(',')).join(end);
        const bytes = Buffer.from(text);
        const found: string[][] = [];

        cutRecords(bytes, { format: 'csv', isLast: true }, (from, to) => {
          found.push(cellsOf(bytes.toString('utf8', from, to), ','));
        });

        expect(found).toEqual(parse(text, { record_delimiter: end }));
      }),
    );
  });

  it('are the same however the file comes in blocks and is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 7 }),
        async (table, size, maxRecords) => {
          const bytes = Buffer.from(table.map((row) => `${row.map(quoted).join(',')}\n`).join(''));
          const reading = { format: 'csv' as const, encoding: 'utf-8' as const, columns: ['a', 'b', 'c'] };

          const chunks = await collected(
            cutChunks(blocksOf(bytes, size), {
              format: 'csv',
              maxRecords,
              maxBytes: 1e6,
              offset: 0,
              keepsBytes: true,
            }),
          );
          const read = chunks.flatMap(({ first, bytes: own }) => [...recordsIn(own!, reading, first)]);

          expect(Buffer.concat(chunks.map(({ bytes: own }) => own!))).toEqual(bytes);
          expect(chunks.every(({ count }) => count <= maxRecords)).toBe(true);
          expect(read).toEqual([...recordsIn(bytes, reading, 0)]);
          expect(read).toHaveLength(table.length);
        },
      ),
    );
  });

  it('behind a quote that nobody closes cost one line, wherever chunks end', async () => {
    const lines = Array.from({ length: 400 }, (_, i) =>
      i === 7 ? `${i},"open,1` : `${i},${'x'.repeat(1_000)},2`,
    );
    const bytes = Buffer.from(lines.join('\n'));
    const reading = { format: 'csv' as const, encoding: 'utf-8' as const, columns: ['a', 'b', 'c'] };

    const chunks = await collected(
      cutChunks(blocksOf(bytes, 65_536), {
        format: 'csv',
        maxRecords: 9,
        maxBytes: 1e9,
        offset: 0,
        keepsBytes: true,
      }),
    );
    const read = chunks.flatMap(({ first, bytes: own }) => [...recordsIn(own!, reading, first)]);

    expect(read).toHaveLength(400);
    expect(read[7]).toMatchObject({
      error: { message: expect.stringContaining('cell 2 has a quote that is not closed') },
    });
    expect(read[8]).toMatchObject({ position: 8, value: { a: '8' } });
  });
});

describe('a quoted cell', () => {
  const columns = ['id', 'note'];
  const reading = { format: 'csv' as const, encoding: 'utf-8' as const, columns };
  const limits = { format: 'csv' as const, maxRecords: 5_000, maxBytes: 4_194_304, offset: 0 };
  const row = '7,"Rome, Italy"\n';

  it('of any length is one record, which is too large, however many rows stand in it', async () => {
    const cell = '1,a whole row\n2,""another""\n'.repeat(15_000);
    const bytes = Buffer.from(`1,"${cell}"\n2,x\n`);

    const chunks = await collected(cutChunks(blocksOf(bytes, 65_536), { ...limits, keepsBytes: true }));
    const read = chunks.flatMap(({ bytes: own, first }) => [...recordsIn(own!, reading, first)]);

    expect(read).toMatchObject([
      { position: 0, error: { code: 'PayloadTooLarge' } },
      { position: 1, value: { id: '2', note: 'x' } },
    ]);
  });

  it('of tens of megabytes is a chunk of its own, of which only the beginning is kept', async () => {
    const mib = Buffer.alloc(1_048_576, 'x\n');
    async function* file(from = 0): AsyncGenerator<Buffer> {
      const all = [
        Buffer.from('1,a\n2,"'),
        ...Array.from({ length: 40 }, () => mib),
        Buffer.from(`"\n${row}`),
      ];
      let at = 0;
      for (const block of all) {
        at += block.length;
        if (at > from) yield block.subarray(Math.max(0, block.length - (at - from)));
      }
    }

    const chunks = await collected(cutChunks(file(), { ...limits, keepsBytes: true, again: file }));

    expect(chunks.map(({ first, count, tooLargeBytes }) => [first, count, tooLargeBytes])).toEqual([
      [0, 1, undefined],
      [1, 1, 40 * 1_048_576 + 5],
      [2, 1, undefined],
    ]);
    expect(chunks[1]!.bytes!.length).toBeLessThan(2_000);
    expect([...recordsIn(chunks[2]!.bytes!, reading, 2)]).toMatchObject([{ value: { note: 'Rome, Italy' } }]);
  });

  it.each([
    ['is never closed', ''],
    ['is followed by one that is opened', row],
  ])('that %s costs one line, however far one has to look', async (_what, end) => {
    const lines = 'x,y\n'.repeat(50);
    const bytes = Buffer.from(`1,"open\n${lines}${end}`);
    const again = (from: number) => blocksOf(bytes.subarray(from), 10);

    const chunks = await collected(
      cutChunks(blocksOf(bytes, 10), { ...limits, keepsBytes: true, again, heldBytes: 32 }),
    );
    const read = chunks.flatMap(({ first, bytes: own }) => [...recordsIn(own!, reading, first)]);

    expect(read).toHaveLength(51 + (end === '' ? 0 : 1));
    expect(read.filter((record) => 'error' in record).map(({ position }) => position)).toEqual([0]);
  });

  it('ends where it does whatever is held of the file', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ',', '"', '""', '\n', ' ', '","', '"\n'),
      maxLength: 60,
    });
    const sizes = fc.integer({ min: 1, max: 20 });
    const property = fc.asyncProperty(text, sizes, sizes, async (content, size, heldBytes) => {
      const bytes = Buffer.from(content);
      const spans: number[] = [];
      cutRecords(bytes, { format: 'csv', isLast: true }, (from) => void spans.push(from));
      const again = (from: number) => blocksOf(bytes.subarray(from), size);

      const chunks = await collected(
        cutChunks(blocksOf(bytes, size), { ...limits, maxRecords: 1, keepsBytes: false, again, heldBytes }),
      );

      expect(chunks.map(({ count }) => count)).toEqual(spans.map(() => 1));
      chunks.forEach(({ from, to }, i) => {
        expect(spans[i]).toBeGreaterThanOrEqual(from);
        expect(spans[i]).toBeLessThan(to);
      });
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it.each([
    ['1,"a"b\n', 'cell 2 has text behind its closing quote'],
    ['1,"ab\n', 'cell 2 has a quote that is not closed'],
  ])('of %j is told for what it is', (line, told) => {
    expect([...recordsIn(Buffer.from(line), reading, 0)]).toMatchObject([
      { error: { message: expect.stringContaining(told) } },
    ]);
  });
});

describe('the elements of a JSON array', () => {
  it('are lines of the same values, however the file is written and comes in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 12 }),
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 9 }),
        async (values, indent, size) => {
          const lines = await collected(
            elementLines(blocksOf(Buffer.from(` ${JSON.stringify(values, null, indent)}\n`), size)),
          );

          expect(lines.map((line) => JSON.parse(line.toString('utf8')) as unknown)).toEqual(
            JSON.parse(JSON.stringify(values)),
          );
          expect(lines.every((line) => line.indexOf(10) === line.length - 1)).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['[1, 2', 'position 1'],
    ['{"a": 1}', 'no JSON array'],
    ['[1] [2]', 'follows the JSON array at byte 4, after 1 records'],
    ['  ', 'nothing but blanks'],
    ['[1}]', 'closed at byte 2'],
  ])('of %s are refused with the place', async (text, told) => {
    await expect(collected(elementLines(blocksOf(Buffer.from(text), 2)))).rejects.toThrow(told);
  });
});

describe('payloads', () => {
  it('of frames read back', () => {
    const frame = fc.record({
      head: fc.record({ positions: fc.array(fc.nat()) }),
      body: fc.uint8Array({ maxLength: 50 }),
    });
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const read = decodeFrames<{ positions: number[] }>(encodeFrames(frames));

        expect(read.map(({ head, body }) => [head.positions, [...body]])).toEqual(
          frames.map(({ head, body }) => [head.positions, [...body]]),
        );
      }),
    );
  });

  it('of records read back, those that failed in their places', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.array(fc.option(fc.jsonValue(), { nil: undefined })), (first, values) => {
        const records = values.map((value, i): RecordEnvelope => {
          const position = first + i;
          return value === undefined
            ? { position, error: { stage: 's', code: 'c', message: 'm' } }
            : { position, value: JSON.parse(JSON.stringify(value)) as unknown };
        });

        expect([...decodeRecords(encodeRecords(records))]).toEqual(records);
      }),
    );
  });

  it('of a part are refused when a byte has changed', () => {
    const head = { n: 3, first: 30, count: 1, failed: 0, errors: {}, models: [] };
    const part = encodePart(head, Buffer.from('a,b\n'), Buffer.from('{}\n'));
    const broken = Buffer.from(part);
    broken[broken.length - 2]! ^= 1;

    expect(decodePart(part)).toMatchObject({
      head,
      results: Buffer.from('a,b\n'),
      errors: Buffer.from('{}\n'),
    });
    expect(() => decodePart(broken)).toThrow('sha256');
  });
});
