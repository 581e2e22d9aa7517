// Addresses of the page: what is written is read again, whatever an execution or a stage is named.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executionHref, pathHref, readHash } from '../../console/route.ts';

const name = fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' });

describe('an address of the page', () => {
  it('names a stage and an attempt of an execution for good', () => {
    fc.assert(
      fc.property(
        name,
        name,
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 500 }),
        (...given) => {
          const [id, stage, visit, attempt] = given;
          const { route } = readHash(executionHref(id, { name: stage, visit, attempt }, 'graph'));

          expect(route).toEqual({ page: 'execution', id, stage: { name: stage, visit, attempt } });
        },
      ),
    );
  });

  it.each([
    ['', { page: 'executions' }],
    ['#/executions?status=FAILED', { page: 'executions' }],
    ['#/executions/a', { page: 'execution', id: 'a' }],
    ['#/executions/a/stages/Estimate', { page: 'execution', id: 'a', stage: { name: 'Estimate', visit: 1 } }],
    ['#/executions/a/stages/B/attempts/0', { page: 'execution', id: 'a', stage: { name: 'B', visit: 1 } }],
    ['#/send/photo-themes', { page: 'send', pipeline: 'photo-themes' }],
    ['#/somewhere', { page: 'unknown' }],
    ['#/executions/half%E', { page: 'execution', id: 'half%E' }],
  ])('%s is read', (hash, route) => {
    expect(readHash(hash).route).toEqual(route);
  });

  it('leaves out what is empty', () => {
    const query = new URLSearchParams({ status: '', pipeline: 'house-prices' });

    expect(pathHref(['executions'], query)).toBe('#/executions?pipeline=house-prices');
  });
});
