// Rows of houses for the bench of batches: the sample houses over and over, ten cities mixed, no two rows alike.
import { createWriteStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const sample = fileURLToPath(new URL('../models/house-prices/houses-2000.csv', import.meta.url));
const ROWS_AT_ONCE = 5_000;

/** A CSV file with a header and as many rows. */
export async function writeRows(file: string, rows: number): Promise<void> {
  const [header = '', ...lines] = readFileSync(sample, 'utf8').trim().split('\n');
  const cells = lines.map((line) => line.split(','));
  function* blocks(): Generator<string> {
    yield `${header}\n`;
    for (let from = 0; from < rows; from += ROWS_AT_ONCE) {
      let block = '';
      for (let i = from; i < Math.min(rows, from + ROWS_AT_ONCE); i++) block += `${row(cells, i)}\n`;
      yield block;
    }
  }
  await pipeline(Readable.from(blocks()), createWriteStream(file));
}

function row(cells: readonly (readonly string[])[], i: number): string {
  const [, city, year, , ...rest] = cells[(i * 7919) % cells.length]!;
  return [i, city, year, 1200 + ((i * 37) % 3000), ...rest].join(',');
}
