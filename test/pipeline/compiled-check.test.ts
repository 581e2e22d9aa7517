// Schemas as plain functions: whatever they let through is what valibot makes of it, and they let nothing else through.
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { checkQuickly } from '../../layers/seriatim/compiled-check.ts';
import { EstimatedHouseSchema, HouseSchema, PIPELINES } from '../../layers/seriatim/index.ts';

const cell = fc.oneof(
  fc.constantFrom('y', 'n', 'true', '', ' 4 ', '1e3', '1998', '-1', 'NaN', 'Houston_TX', 'a b', '1,5'),
  fc.jsonValue(),
  fc.double(),
  fc.constant(undefined),
);

/** The value that fits, with some members replaced, left out or added. */
function near(value: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const names = [...Object.keys(value), 'further'];
  const changes = fc.array(fc.tuple(fc.constantFrom(...names), cell), { maxLength: 2 });
  const left = fc.subarray(names, { maxLength: 1 });
  return fc.tuple(changes, left).map(([changed, leftOut]) => {
    const made = Object.entries({ ...value, ...Object.fromEntries(changed) });
    return Object.fromEntries(made.filter(([name]) => !leftOut.includes(name)));
  });
}

function agrees(schema: v.GenericSchema, value: unknown): void {
  const expected = v.safeParse(schema, value, { abortPipeEarly: true });
  const found = checkQuickly(schema, value);

  expect(found).toEqual(expected.success ? { output: expected.output } : undefined);
}

describe('a compiled check', () => {
  const inputs = Object.values(PIPELINES).filter(({ example }) => example !== undefined);

  it.each(inputs)('agrees with valibot on records of $name', ({ input, example }) => {
    fc.assert(fc.property(fc.oneof(near(example!), cell), (value) => agrees(input, value)));
  });

  it('agrees with valibot on what a model answered', () => {
    const prediction = fc.oneof(
      fc.record({ log_price: fc.oneof(fc.double(), fc.array(fc.double(), { maxLength: 2 }), cell) }),
      cell,
    );
    const value = fc.record({
      city: cell,
      estimate: fc.record({ prediction, targetModel: cell }),
    });
    fc.assert(fc.property(value, (each) => agrees(EstimatedHouseSchema, each)));
  });

  it('agrees with valibot on kinds of schema that it does not know', () => {
    const schema = v.object({
      at: v.pipe(v.string(), v.isoDate()),
      more: v.object({ some: v.optional(v.number(), 5), list: v.array(v.nullable(v.string())) }),
    });
    const value = fc.record({
      at: fc.constantFrom('2026-11-22', 'yesterday'),
      more: fc.oneof(fc.record({ some: cell, list: fc.array(cell) }, { requiredKeys: ['list'] }), cell),
    });
    fc.assert(fc.property(value, (each) => agrees(schema, each)));
  });

  it('lets through what fits without asking valibot', () => {
    const house = { ...PIPELINES['house-prices']!.example, yearBuilt: '1998', id: 7 };
    const { id, ...expected } = { ...house, yearBuilt: 1998 };

    expect(checkQuickly(HouseSchema, house)).toEqual({ output: expected });
  });
});
