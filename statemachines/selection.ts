// Which pipelines run, and how they are placed, where the environment says otherwise than their definitions:
//   SERIATIM_PIPELINES=house-prices,photo-themes
//   SERIATIM_PLACEMENTS=photo-themes:container
import { compilePipeline } from './compile/compile.ts';
import { allStages } from './composition.ts';
import { type Pipeline, PLACEMENTS, type Placement } from './pipeline.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export const PIPELINES_VARIABLE = 'SERIATIM_PIPELINES';
export const PLACEMENTS_VARIABLE = 'SERIATIM_PLACEMENTS';

/**
 * In the order of the definitions, with the pipelines that those chosen nest.
 * @throws RangeError for a pipeline or placement that there is none of, PipelineDefinitionError for one that cannot be placed so
 */
export function selectPipelines(
  definitions: readonly Pipeline[],
  environment: Environment,
): readonly Pipeline[] {
  const known = definitions.map(({ name }) => name);
  const chosen = listOf(environment[PIPELINES_VARIABLE]);
  for (const name of chosen) checkName(PIPELINES_VARIABLE, name, known);
  const placements = new Map(
    listOf(environment[PLACEMENTS_VARIABLE]).map((text) => readPlacement(text, known)),
  );
  const taken = withNested(definitions, chosen);
  const selected = definitions.filter(({ name }) => chosen.length === 0 || taken.has(name));
  return selected.map((pipeline) => {
    const placement = placements.get(pipeline.name);
    if (placement === undefined) return pipeline;
    const placed = { ...pipeline, placement };
    compilePipeline(placed);
    return placed;
  });
}

/** Those by their names, and what they nest, and what that nests. */
function withNested(definitions: readonly Pipeline[], names: readonly string[]): ReadonlySet<string> {
  const taken = new Set<string>();
  const take = (name: string): void => {
    if (taken.has(name)) return;
    taken.add(name);
    const stages = allStages(definitions.find((one) => one.name === name)?.stages ?? []);
    for (const stage of stages) if (stage.kind === 'nested') take(stage.pipeline.name);
  };
  names.forEach(take);
  return taken;
}

/** Whether everything is as its definition says. */
export function isWholeProject(environment: Environment): boolean {
  return [PIPELINES_VARIABLE, PLACEMENTS_VARIABLE].every((name) => listOf(environment[name]).length === 0);
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function readPlacement(text: string, known: readonly string[]): [string, Placement] {
  const [name = '', placement] = text.split(':');
  checkName(PLACEMENTS_VARIABLE, name, known);
  const found = PLACEMENTS.find((one) => one === placement);
  if (found !== undefined) return [name, found];
  const expected = `expected ${name}:${PLACEMENTS.join(` or ${name}:`)}`;
  throw new RangeError(`${PLACEMENTS_VARIABLE}: ${expected}, found "${text}".`);
}

function checkName(variable: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new RangeError(`${variable}: there is no pipeline "${name}"; there are ${known.join(', ')}.`);
}
