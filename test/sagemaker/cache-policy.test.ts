// The eviction policy by itself: what it may choose, and how its hit ratio compares with known policies.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { measure } from '../../bench/hosting-cache.ts';
import { AdaptivePolicy } from '../../local/sagemaker/multi-model/adaptive-policy.ts';

describe('the victim', () => {
  it('is always one that is held and may go', () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 30 }).map(String),
      forbidden: fc.integer({ max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const policy = new AdaptivePolicy();
        const held = new Set<string>();
        for (const { key, forbidden } of steps) {
          policy.touched(key);
          if (held.has(key)) continue;
          if (held.size >= 5) {
            const victim = policy.victim((other) => other !== String(forbidden))!;
            expect(held.has(victim) && victim !== String(forbidden)).toBe(true);
            held.delete(victim);
            policy.removed(victim);
          }
          held.add(key);
          policy.added(key);
        }
      }),
    );
  });

  it('is nobody when nobody may go', () => {
    const policy = new AdaptivePolicy();
    policy.touched('a');
    policy.added('a');

    expect(policy.victim(() => false)).toBeUndefined();
  });

  it('is, of models asked for alike, the large one that loads fast', () => {
    const policy = new AdaptivePolicy();
    const facts = {
      'small and slow': { bytes: 1_000, loadMs: 400 },
      'large and fast': { bytes: 1_000_000, loadMs: 5 },
      'small and fast': { bytes: 1_000, loadMs: 5 },
    };
    for (const [key, fact] of Object.entries(facts)) {
      policy.touched(key);
      policy.added(key, fact);
    }

    expect(policy.victim(() => true)).toBe('large and fast');
  });
});

it('comes within 0.01 of the best known policy on every kind of stream', { timeout: 60_000 }, () => {
  const table = measure({ requests: 60_000, seeds: [7] });

  for (const [stream, { Seriatim, Optimum, ...others }] of Object.entries(table)) {
    const best = Math.max(...Object.values(others));
    expect(Seriatim, stream).toBeGreaterThan(best - 0.01);
    expect(Seriatim, stream).toBeLessThan(Optimum!);
  }
});
