// What is kept on disk: across restarts, within a size, for a time.
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { LogEvent } from '../../local/logs/api.ts';
import { parseFilterPattern } from '../../local/logs/filter-pattern.ts';
import { createLogs } from '../../local/logs/index.ts';
import { openShelf, type Shelf, START_MS } from './shelf.ts';

let shelf: Shelf;
afterEach(() => shelf.close());

const GROUP = '/seriatim/group';

async function find(
  query: { containing?: string; fromMs?: number; toMs?: number } = {},
): Promise<(LogEvent & { stream: string })[]> {
  const events = [];
  for await (const { timestamp, message, stream } of shelf.logs.find({ group: GROUP, ...query }))
    events.push({ timestamp, message, stream });
  return events;
}

function groupFiles(extension: string): string[] {
  const folder = join(shelf.folder, readdirSync(shelf.folder)[0]!);
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name));
}

describe('durability', () => {
  it('writes lines within 100 ms of the first', async () => {
    shelf = await openShelf();
    shelf.logs.write(GROUP, 's', [{ timestamp: START_MS, message: 'kept' }]);

    await shelf.clock.turn(100);

    expect(readFileSync(groupFiles('.log')[0]!, 'utf8')).toContain(' kept\n');
  });

  it('shows everything after a restart, with or without the index, and after a second one', async () => {
    shelf = await openShelf();
    shelf.logs.write(GROUP, 'a', [{ timestamp: START_MS, message: 'one\ntwo' }]);
    shelf.logs.write(GROUP, 'b', [{ timestamp: START_MS - 1, message: '# no stream' }]);
    await shelf.reopen();
    shelf.logs.write(GROUP, 'a', [{ timestamp: START_MS + 1, message: 'three' }]);
    const expected = [
      { timestamp: START_MS - 1, message: '# no stream', stream: 'b' },
      { timestamp: START_MS, message: 'one\ntwo', stream: 'a' },
      { timestamp: START_MS + 1, message: 'three', stream: 'a' },
    ];

    expect(await find()).toEqual(expected);
    await shelf.reopen();
    expect(await find()).toEqual(expected);
    await shelf.logs.close();
    for (const file of groupFiles('.index.json')) rmSync(file);
    await shelf.reopen();
    expect(await find()).toEqual(expected);
  });

  it('leaves out a line that was torn when the process ended', async () => {
    shelf = await openShelf();
    shelf.logs.write(GROUP, 'a', [{ timestamp: START_MS, message: 'whole' }]);
    await shelf.logs.close();
    appendFileSync(groupFiles('.log')[0]!, `${START_MS} 0 1 tor`);
    await shelf.reopen();

    expect((await find()).map((event) => event.message)).toEqual(['whole']);
  });

  it('keeps settings and empty streams across a restart', async () => {
    shelf = await openShelf();
    shelf.logs.createLogGroup(GROUP, { retentionInDays: 3 });
    shelf.logs.createLogGroup(GROUP);
    await shelf.logs.operations.createLogStream!({ logGroupName: GROUP, logStreamName: 'empty' });
    await shelf.reopen();

    expect(await shelf.logs.operations.describeLogGroups!({})).toMatchObject({
      logGroups: [{ logGroupName: GROUP, retentionInDays: 3, creationTime: START_MS }],
    });
    expect(await shelf.logs.operations.describeLogStreams!({ logGroupName: GROUP })).toMatchObject({
      logStreams: [{ logStreamName: 'empty', creationTime: START_MS }],
    });
  });

  it('keeps groups whose names are too long for a folder apart', async () => {
    shelf = await openShelf();
    const names = ['a', 'b'].map((end) => '/x'.repeat(200) + end);
    for (const name of names) shelf.logs.write(name, 's', [{ timestamp: START_MS, message: name.slice(-1) }]);
    await shelf.reopen();

    for (const name of names) {
      const events = [];
      for await (const event of shelf.logs.find({ group: name })) events.push(event.message);
      expect(events).toEqual([name.slice(-1)]);
    }
  });

  it('takes no lines after it is closed', async () => {
    shelf = await openShelf();
    await shelf.logs.close();

    shelf.logs.write(GROUP, 's', [{ timestamp: START_MS, message: 'late' }]);

    expect(readdirSync(shelf.folder)).toEqual([]);
  });
});

describe('bounds', () => {
  it('drops the oldest lines past the size of a group', async () => {
    shelf = await openShelf({ maxGroupBytes: 80_000 });
    for (let number = 0; number < 2000; number++) {
      shelf.logs.write(GROUP, 's', [
        { timestamp: START_MS + number, message: `${number} ${'x'.repeat(80)}` },
      ]);
      if (number % 20 === 0) await shelf.clock.turn(100);
    }

    const numbers = (await find()).map((event) => Number.parseInt(event.message, 10));

    expect(numbers.at(-1)).toBe(1999);
    expect(numbers.length).toBeGreaterThan(400);
    expect(numbers.length).toBeLessThan(900);
    expect(numbers).toEqual(
      Array.from({ length: numbers.length }, (_, index) => 2000 - numbers.length + index),
    );
  });

  it('shows nothing older than the retention, and drops it from the disk', async () => {
    const day = 86_400_000;
    shelf = await openShelf();
    shelf.logs.createLogGroup(GROUP, { retentionInDays: 1 });
    shelf.logs.write(GROUP, 's', [{ timestamp: START_MS, message: 'old' }]);
    await shelf.reopen();
    await shelf.clock.turn(day + 1000);
    shelf.logs.write(GROUP, 's', [{ timestamp: shelf.clock.now(), message: 'new' }]);

    const { events } = (await shelf.logs.operations.filterLogEvents!({ logGroupName: GROUP })) as {
      events: LogEvent[];
    };
    expect(events.map((event) => event.message)).toEqual(['new']);
    await shelf.clock.turn(3_600_000);
    expect((await find()).map((event) => event.message)).toEqual(['new']);
  });
});

describe('find', () => {
  it('gives the lines that contain a text, of a group that need not be there', async () => {
    shelf = await openShelf();
    expect(await find()).toEqual([]);
    for (let number = 0; number < 3000; number++)
      shelf.logs.write(GROUP, 's', [{ timestamp: START_MS + number, message: `line ${number}\nnext` }]);

    const found = await find({ containing: '99\nnext', fromMs: START_MS + 100, toMs: START_MS + 500 });

    expect(found.map((event) => event.timestamp - START_MS)).toEqual([199, 299, 399, 499]);
  });

  const event = fc.record({
    stream: fc.constantFrom('a', 'b', 'c'),
    timestamp: fc.integer({ min: START_MS, max: START_MS + 50 }),
    message: fc.oneof(fc.string({ unit: 'grapheme' }), fc.stringMatching(/^[#\t\n 0-9]*$/)),
  });

  it('gives back every event in order of time, whatever is in it, across restarts', async () => {
    shelf = await openShelf();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(event), { maxLength: 4 }), async (sessions) => {
        const folder = join(shelf.folder, String(run++));
        for (const session of sessions) {
          const logs = await createLogs({ folder, clock: shelf.clock });
          for (const { stream, ...logged } of session) logs.write(GROUP, stream, [logged]);
          await logs.close();
        }

        const logs = await createLogs({ folder, clock: shelf.clock });
        const found = [];
        for await (const { stream, timestamp, message } of logs.find({ group: GROUP }))
          found.push({ stream, timestamp, message });
        await logs.close();

        // Sorting is stable: events of one time stay in the order in which they were written.
        expect(found).toEqual(sessions.flat().toSorted((a, b) => a.timestamp - b.timestamp));
      }),
      { numRuns: 40 },
    );
  });
});

describe('a search', () => {
  const search = async (filterPattern: string): Promise<string[]> => {
    const asked = shelf.logs.operations.filterLogEvents!({ logGroupName: GROUP, filterPattern });
    return ((await asked) as { events: { message: string }[] }).events.map(({ message }) => message);
  };

  it('finds what came after it was asked in vain, also across a restart', async () => {
    shelf = await openShelf();
    const write = (message: string): void => shelf.logs.write(GROUP, 's', [{ timestamp: START_MS, message }]);
    write('Started');
    expect(await search('?Failed ?TimedOut')).toEqual([]);

    write('it Failed');
    expect(await search('?Failed ?TimedOut')).toEqual(['it Failed']);
    await shelf.reopen();
    expect(await search('"Failed" -Started')).toEqual(['it Failed']);
    expect(await search('Started')).toEqual(['Started']);
  });

  it('gives exactly the lines that a look at every line gives', async () => {
    const words = ['Started', 'Failed', 'a1', 'two words', 'tab\n\tbed'];
    const line = fc.array(fc.constantFrom(...words), { maxLength: 3 }).map((all) => `x ${all.join(' ')}`);
    const pattern = fc
      .array(fc.tuple(fc.constantFrom('', '?', '-'), fc.constantFrom('Started', 'Failed', 'a1', 'words')), {
        minLength: 1,
        maxLength: 3,
      })
      .map((terms) => terms.map(([sign, word]) => sign + word).join(' '));
    shelf = await openShelf();
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 5 }), pattern, async (lines, filterPattern) => {
        lines.forEach((message) => {
          shelf.logs.write(GROUP, 's', [{ timestamp: START_MS, message }]);
        });
        if (lines.length === 0) shelf.logs.write(GROUP, 's', [{ timestamp: START_MS, message: 'x' }]);
        const all = (await find()).map(({ message }) => message);

        expect(await search(filterPattern)).toEqual(all.filter(parseFilterPattern(filterPattern).matches));
      }),
      { numRuns: 40 },
    );
  });
});
