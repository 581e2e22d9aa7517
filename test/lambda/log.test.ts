// What stands in a function's log group.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogRing, RING_BYTES } from '../../local/lambda/runtime/ring.ts';
import { openWorkshop, type Workshop } from './functions.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop();
});
afterAll(() => workshop.close());

/** The messages that one invocation leaves. */
async function messagesOf(source: string, changes: Parameters<Workshop['put']>[1] = {}): Promise<string[]> {
  await workshop.put(source, changes);
  workshop.logged.length = 0;
  await workshop.call();
  return workshop.logged.map((event) => event.message);
}

describe('the log of an invocation', () => {
  it('begins with START, ends with END and REPORT, and tells a cold start', async () => {
    const messages = await messagesOf('export const handler = async () => console.log("hello %s", "there");');

    expect(messages).toHaveLength(5);
    const [init, start, line, end, report] = messages as [string, string, string, string, string];
    expect(init).toMatch(/^INIT_START Runtime Version: nodejs:24\.x/);
    const requestId = /^START RequestId: (\S+) Version: \$LATEST$/.exec(start)?.[1];
    expect(line).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\t${requestId}\\tINFO\\thello there$`));
    expect(end).toBe(`END RequestId: ${requestId}`);
    expect(report).toMatch(
      new RegExp(
        `^REPORT RequestId: ${requestId}\\tDuration: \\d+\\.\\d\\d ms\\tBilled Duration: \\d+ ms\\tMemory Size: 128 MB\\tMax Memory Used: \\d+ MB\\tInit Duration: \\d+\\.\\d\\d ms\\t$`,
      ),
    );
  });

  it('tells Init Duration only once per environment', async () => {
    await messagesOf('export const handler = async () => 1;');
    workshop.logged.length = 0;
    await workshop.call();

    expect(workshop.logged.at(-1)?.message).not.toContain('Init Duration');
  });

  it('takes every level, every stream and lines without an end', async () => {
    const messages = await messagesOf(`export const handler = async () => {
      console.debug('d'); console.info('i'); console.warn('w'); console.error('e');
      process.stdout.write('{"level":"INFO"}\\npart'); process.stderr.write('err\\n');
    };`);

    const own = messages.slice(2, -2).map((message) => message.split('\t').slice(2).join(' ') || message);
    expect(own).toEqual(['DEBUG d', 'INFO i', 'WARN w', 'ERROR e', '{"level":"INFO"}', 'err', 'part']);
  });

  it('keeps a message of many lines, of any characters and of any length as one event', async () => {
    const messages = await messagesOf(`export const handler = async () => {
      console.log('a\\nb'); console.log('ü😀'.repeat(50_000)); console.log('end');
    };`);

    const own = messages.slice(2, -2).map((message) => message.split('\t').slice(3).join('\t'));
    expect(own).toEqual(['a\nb', 'ü😀'.repeat(50_000), 'end']);
  });

  it('loses nothing of a flood', async () => {
    const messages = await messagesOf(
      'export const handler = async () => { for (let i = 0; i < 5000; i++) console.log(i); };',
    );

    expect(messages.slice(2, -2).map((message) => Number(message.split('\t')[3]))).toEqual(
      Array.from({ length: 5000 }, (_, index) => index),
    );
  });

  it('shows what was thrown, with its own members', async () => {
    const messages = await messagesOf(
      'export const handler = async () => { throw Object.assign(new Error("no"), { stage: "Estimate" }); };',
    );

    const [, json] = (messages.find((message) => message.includes('Invoke Error')) ?? '').split(
      'Invoke Error \t',
    );
    expect(JSON.parse(json ?? '')).toMatchObject({
      errorType: 'Error',
      errorMessage: 'no',
      stage: 'Estimate',
      stack: expect.any(Array),
    });
  });

  it('goes to the log group that the function names', async () => {
    await messagesOf('export const handler = async () => 1;', { logGroup: '/seriatim/own' });

    expect(new Set(workshop.logged.map((event) => event.group))).toEqual(new Set(['/seriatim/own']));
  });
});

describe('LogRing', () => {
  const events = fc.array(
    fc.record({ timestamp: fc.nat(), message: fc.string({ unit: 'grapheme', maxLength: 200 }) }),
  );

  it('gives back what was written, however it is drained', () => {
    fc.assert(
      fc.property(fc.array(events), (batches) => {
        const shared = new SharedArrayBuffer(RING_BYTES);
        const reader = new LogRing(shared);
        const read: unknown[] = [];
        const writer = new LogRing(shared, () => read.push(...reader.drain()));

        for (const batch of batches) {
          for (const { timestamp, message } of batch) writer.write(timestamp, message);
          read.push(...reader.drain());
        }

        expect(read).toEqual(batches.flat());
      }),
    );
  });

  it('asks for room when it is full, and goes on at its start', () => {
    const shared = new SharedArrayBuffer(1024 + 32);
    const reader = new LogRing(shared);
    const read: string[] = [];
    const writer = new LogRing(shared, () => read.push(...reader.drain().map((event) => event.message)));
    const messages = Array.from({ length: 200 }, (_, index) => `${index} ${'é'.repeat(index % 150)}`);

    for (const message of messages) writer.write(1, message);
    read.push(...reader.drain().map((event) => event.message));

    expect(read).toEqual(messages);
  });
});
