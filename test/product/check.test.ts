// What `seriatim check` finds by running samples: where functions and handlers stand between, no signature tells.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSamples } from '../../cli/run/check-samples.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import type { Pipeline } from '../../statemachines/pipeline.ts';
import { copyProject } from './product.ts';

let projectFolder: string;
beforeAll(async () => {
  projectFolder = await copyProject();
});
afterAll(() => rm(projectFolder, { recursive: true }));

const named = (name: string): Pipeline => PIPELINE_DEFINITIONS.find((one) => one.name === name)!;
const run = async (pipeline: Pipeline): Promise<{ problems: string[]; lines: string[] }> => {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const options = {
    pipelines: [pipeline],
    projectFolder,
    signal,
    onProgress: (line: string) => lines.push(line),
  };
  return { problems: await checkSamples(options), lines };
};

describe('the run of samples', () => {
  it('is a problem where the file of samples is not JSON', async () => {
    const file = join(projectFolder, 'models/diabetes-progression/requests.ndjson');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `${text.split('\n')[0]}\n{age: 3}\n`);

    const { problems } = await run(named('diabetes-progression'));
    await writeFile(file, text);

    expect(problems).toEqual([
      expect.stringMatching(/^diabetes-progression: .*requests\.ndjson, line 2, is not JSON/),
    ]);
  });

  it('names the stage and the input that a function does not give', async () => {
    const file = join(projectFolder, 'functions/preprocess-house/preprocess.ts');
    await writeFile(file, (await readFile(file, 'utf8')).replace('numeric: [', 'nums: ['));

    const { problems } = await run(named('house-prices'));

    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/^house-prices: sample 1 .*stage Estimate, .*has no input .*nums/);
    expect(problems[0]).toMatch(
      / \(Estimate: models\/house-prices, models\/house-prices\/cities; before it Preprocess: functions\/preprocess-house\)$/,
    );
    expect(problems[1]).toMatch(/stage EstimateFeatures, .*\(each container as a state\)$/);
  }, 120_000);

  it('names the container whose answer is not of the content type that the definition promises', async () => {
    const screening = named('tumour-screening');
    const stages = screening.stages.map((stage) => {
      if (stage.kind !== 'inference') return stage;
      const [first, second, third] = stage.endpoint.containers;
      const containers = [first!, { ...second!, answers: 'application/x-npy' }, third!];
      return { ...stage, endpoint: { ...stage.endpoint, containers } };
    });

    const { problems, lines } = await run({ ...screening, stages });

    expect(lines).toEqual(['tumour-screening: 8 samples answered']);
    expect(problems).toEqual([
      expect.stringMatching(/classifier answers application\/x-npy, it answered application\/jsonlines/),
    ]);
  }, 120_000);
});
