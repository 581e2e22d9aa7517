// What docs/scale.md reckons with is what the template says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compilePipeline } from '../../statemachines/compile/compile.ts';
import { housePrices } from '../../statemachines/house-prices.ts';

const project = join(import.meta.dirname, '../..');
const scale = readFileSync(join(project, 'docs/scale.md'), 'utf8');
const template = readFileSync(join(project, 'serverless.yml'), 'utf8');
const machine = compilePipeline(housePrices)['house-prices-batch']!;

describe('docs/scale.md', () => {
  it('has the chunks, the children and the functions of the template', () => {
    const { limits } = (
      machine.States.SplitInput!.Arguments as { Payload: { limits: Record<string, number> } }
    ).Payload;
    const memory = (name: string): string =>
      new RegExp(`\\n +${name}:[\\s\\S]*?memorySize: (\\d+)`).exec(template)![1]!;

    expect(scale).toContain(`| records per chunk | ${limits.maxRecords!.toLocaleString('en-US')} |`);
    expect(scale).toContain(`| children at once | ${limits.concurrency} unless`);
    expect([memory('invoke-records'), memory('write-part')]).toEqual(['1024', '1024']);
  });

  it('adds up', () => {
    const costs = /## Cost([\s\S]*?)## Limits/.exec(scale)![1]!.split('\n');
    const amounts = costs
      .map((line) => /\| (\d+\.\d\d) \|$/.exec(line)?.[1])
      .filter((text) => text !== undefined);
    const sum = amounts.reduce((total, text) => total + Number(text), 0);

    expect(amounts).toHaveLength(8);
    expect(scale).toContain(`**~${sum.toFixed(1)}**`);
  });
});
