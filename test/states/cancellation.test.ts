// What is cancelled ends at once, and what goes on behind it disturbs nobody.
import { describe, expect, it } from 'vitest';
import { Cancellation, Cancelled } from '../../local/states/run/cancellation.ts';

describe('work behind something cancelled', () => {
  it.each([
    ['before', true],
    ['while', false],
  ])('may fail unheard: cancelled %s it is guarded', async (_when, isBefore) => {
    const unheard: unknown[] = [];
    const listen = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', listen);
    const cancellation = new Cancellation();
    let fail = (_error: Error): void => {};
    const work = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });

    if (isBefore) cancellation.cancel();
    const guarded = cancellation.guard(work);
    cancellation.cancel();
    fail(new Error('too late'));

    await expect(guarded).rejects.toBeInstanceOf(Cancelled);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', listen);
    expect(unheard).toEqual([]);
  });
});
