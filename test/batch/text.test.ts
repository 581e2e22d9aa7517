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
  MAX_QUOTED_BYTES,
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

    expect(bytes.length).toBeGreaterThan(MAX_QUOTED_BYTES);
    expect(read).toHaveLength(400);
    expect(read[8]).toMatchObject({ position: 8, value: { a: '8' } });
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
