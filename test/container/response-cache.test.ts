import { describe, expect, it } from 'vitest';
import { createResponseCache } from '../../container/serving/response-cache.ts';
import { tensorOf } from './arbitrary.ts';

const outputs = (value: number) => ({ y: tensorOf('float32', [1, 100], new Array(100).fill(value)) });

describe('the response cache', () => {
  it('makes room by what was not asked for longest, within its bound', () => {
    const cache = createResponseCache(1300);
    cache.put('a', outputs(1));
    cache.put('b', outputs(2));
    cache.get('a');
    cache.put('c', outputs(3));

    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([outputs(1), undefined, outputs(3)]);
    expect(cache.figures()).toMatchObject({ entries: 2, evictions: 1, limitBytes: 1300 });
    expect(cache.figures().bytes).toBeLessThanOrEqual(1300);
  });

  it('keeps nothing that is larger than itself, and puts nothing out for it', () => {
    const cache = createResponseCache(700);
    cache.put('a', outputs(1));
    cache.put('b', { y: tensorOf('float32', [1, 200], new Array(200).fill(0)) });

    expect([cache.get('a'), cache.get('b')]).toEqual([outputs(1), undefined]);
  });

  it("holds its own copy of a batch's rows", () => {
    const cache = createResponseCache(10_000);
    const batch = new Float32Array(100);
    cache.put('a', { y: { dtype: 'float32', shape: [1, 2], data: batch.subarray(0, 2) } });
    batch.fill(9);

    const data = cache.get('a')!.y!.data as Float32Array;
    expect([...data]).toEqual([0, 0]);
    expect(data.buffer.byteLength).toBe(8);
  });
});
