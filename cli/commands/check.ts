// `seriatim check`: every pipeline's contracts, and the models' own signatures against the endpoints that serve them,
// before anything is deployed; then samples through the real functions and containers. Exit code 1 when something is
// wrong.
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT_FAILURE } from '../exit.ts';

export function register(program: Command): void {
  program
    .command('check')
    .description('Check the pipelines\u2019 contracts and models, and run samples through them')
    .argument('[pipelines...]', 'those whose samples are run; all unless told')
    .option('--no-run', 'read contracts and signatures only, run no samples')
    .action(async (names: string[], { run }: { run: boolean }) => {
      const projectFolder = join(import.meta.dirname, '../..');
      const problems = await check(projectFolder);
      if (run && problems.length === 0) problems.push(...(await runSamples(projectFolder, names)));
      for (const problem of problems) console.error(`seriatim: ${problem}`);
      if (problems.length > 0) process.exitCode = EXIT_FAILURE;
    });
}

/** Prints what was found; returns what is wrong. */
async function check(projectFolder: string): Promise<string[]> {
  const [
    { compilePipeline, definitionProblem },
    { PIPELINE_DEFINITIONS },
    { PIPELINES },
    artefacts,
    models,
    hosting,
    stageCheck,
  ] = await Promise.all([
    import('../../statemachines/compile/compile.ts'),
    import('../../statemachines/index.ts'),
    import('../../layers/seriatim/pipelines.ts'),
    import('../../packaging/artefacts.ts'),
    import('../../packaging/model-check.ts'),
    import('../../packaging/pipelines/hosting.ts'),
    import('../../packaging/stage-check.ts'),
  ]);
  for (const pipeline of PIPELINE_DEFINITIONS) {
    try {
      compilePipeline(pipeline);
    } catch (thrown) {
      return [definitionProblem(pipeline.name, thrown, projectFolder)];
    }
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
  for (const pipeline of PIPELINE_DEFINITIONS)
    for (const { text, isCertain } of stageCheck.signatureNotes(pipeline, checked))
      if (!isCertain) console.log(`note: ${text}; handlers stand between, so samples must tell`);
  return [
    ...stageCheck.checkFunctions(PIPELINE_DEFINITIONS, projectFolder),
    ...stageCheck.checkEntries(PIPELINE_DEFINITIONS, PIPELINES),
    ...stageCheck.checkStages(PIPELINE_DEFINITIONS, checked),
    ...checked.flatMap(({ endpoint, container, problems }) =>
      problems.map((problem) => `${endpoint}/${container}: ${problem}`),
    ),
  ];
}

async function runSamples(projectFolder: string, names: readonly string[]): Promise<string[]> {
  const [{ PIPELINE_DEFINITIONS }, { checkSamples }] = await Promise.all([
    import('../../statemachines/index.ts'),
    import('../run/check-samples.ts'),
  ]);
  const known = PIPELINE_DEFINITIONS.map(({ name }) => name);
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0)
    return [`there is no pipeline "${strange.join('", "')}"; there are ${known.join(', ')}`];
  const pipelines = PIPELINE_DEFINITIONS.filter(({ name }) => names.length === 0 || names.includes(name));
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopping.abort(new Error('stopped')));
  return checkSamples({ pipelines, projectFolder, signal: stopping.signal, onProgress: console.log });
}
