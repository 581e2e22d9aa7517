// `seriatim check`: every pipeline's contracts, and the models' own signatures against the endpoints that serve them,
// before anything is started or deployed. Exit code 1 when something is wrong.
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT_FAILURE } from '../exit.ts';

export function register(program: Command): void {
  program
    .command('check')
    .description('Check the pipelines\u2019 contracts and their models\u2019 signatures; starts nothing')
    .action(async () => {
      const problems = await check(join(import.meta.dirname, '../..'));
      for (const problem of problems) console.error(`seriatim: ${problem}`);
      if (problems.length > 0) process.exitCode = EXIT_FAILURE;
    });
}

/** Prints what was found; returns what is wrong. */
async function check(projectFolder: string): Promise<string[]> {
  const [{ compilePipeline }, { PIPELINE_DEFINITIONS }, artefacts, models, hosting, stageCheck] =
    await Promise.all([
      import('../../statemachines/compile/compile.ts'),
      import('../../statemachines/index.ts'),
      import('../../packaging/artefacts.ts'),
      import('../../packaging/model-check.ts'),
      import('../../packaging/pipelines/hosting.ts'),
      import('../../packaging/stage-check.ts'),
    ]);
  for (const pipeline of PIPELINE_DEFINITIONS) {
    compilePipeline(pipeline);
    console.log(`${pipeline.name}: ${stageCheck.outline(pipeline.stages)}`);
  }
  // As written, where containers stand in series: how they are placed changes nothing in what they take and give.
  const written = PIPELINE_DEFINITIONS.map(({ placement: _placement, ...definition }) => definition);
  const sources = await artefacts.artefactSources(projectFolder, written);
  const checked = await models.checkModels(hosting.endpointTargets(written), sources);
  for (const { endpoint, container, models: count, hasHandlers, signature } of checked) {
    const kind = [
      `${count} model${count === 1 ? '' : 's'}`,
      ...(hasHandlers ? ['handlers'] : []),
      ...(signature === undefined ? [] : [models.describe(signature)]),
    ];
    console.log(`${endpoint}/${container}: ${kind.join('; ')}`);
  }
  return [
    ...stageCheck.checkStages(PIPELINE_DEFINITIONS, checked),
    ...checked.flatMap(({ endpoint, container, problems }) =>
      problems.map((problem) => `${endpoint}/${container}: ${problem}`),
    ),
  ];
}
