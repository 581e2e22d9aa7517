// Quotes of a CSV object that do not pair.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mendQuotes } from '../../local/states/maps/csv-quotes.ts';

async function mended(text: string, chunkBytes = 1 << 16): Promise<string> {
  const bytes = Buffer.from(text);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  let result = '';
  for await (const part of mendQuotes(chunks(), ',')) result += part;
  return result;
}

describe('mendQuotes', () => {
  it.each([
    ['in the middle', 'a,b\n1,"x\n2,y\n', 'a,b\n1,"""x"\n2,y\n'],
    ['in the last line', 'a,b\n1,"x', 'a,b\n1,"""x"'],
    ['twice', 'a,b\n1,"x\n2,y\n3,"z\n4,w\n', 'a,b\n1,"""x"\n2,y\n3,"""z"\n4,w\n'],
    ['with Windows line ends', 'a,b\r\n1,"x\r\n2,y\r\n', 'a,b\r\n1,"""x"\r\n2,y\r\n'],
    ['before a quoted field', 'a,b\n1,"x\n2,"y, z"\n', 'a,b\n1,"""x"\n2,"y, z"\n'],
  ])('quotes a line whose quote is left open: %s', async (_name, text, expected) => {
    expect(await mended(text)).toBe(expected);
  });

  it('keeps the lines after a quote that is open for longer than a field can be', async () => {
    const lines = Array.from({ length: 1_500 }, (_, index) => `${index},y\n`).join('');

    expect(await mended(`a,"b\n${lines}`)).toBe(`a,"""b"\n${lines}`);
  });

  it('leaves well-formed text as it is, however it is cut', async () => {
    const field = fc
      .string({ unit: fc.constantFrom('a', 'ü', ',', '"', '\n', ' '), maxLength: 6 })
      .map((value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value));
    const table = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 });

    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 20 }), async (rows, chunkBytes) => {
        const text = rows.map((row) => `${row.join(',')}\n`).join('');

        expect(await mended(text, chunkBytes)).toBe(text);
      }),
    );
  });
});
