// The compiler: a pipeline in, its two state machines out, by the names of their files.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pipeline } from '../pipeline.ts';
import { placePipeline } from '../placement/place.ts';
import type { StateMachine } from './asl.ts';
import { batchMachine } from './batch.ts';
import { checkPipeline } from './check.ts';
import { checkMachine } from './check-machine.ts';
import { realTimeMachine } from './real-time.ts';

/**
 * `<pipeline>` for requests (Express) and `<pipeline>-batch` for files (Standard).
 * @throws PipelineDefinitionError naming pipeline, stage, what was expected and what was found
 */
export function compilePipeline(pipeline: Pipeline): Readonly<Record<string, StateMachine>> {
  checkPipeline(pipeline);
  const placed = placePipeline(pipeline);
  const machines = {
    [pipeline.name]: realTimeMachine(placed),
    [`${pipeline.name}-batch`]: batchMachine(placed),
  };
  for (const machine of Object.values(machines)) checkMachine(pipeline.name, machine);
  return machines;
}

/** What is wrong with a definition, in one line that ends with where to look. */
export function definitionProblem(pipeline: string, thrown: unknown, projectFolder: string): string {
  const file = `statemachines/${pipeline}.ts`;
  const where = existsSync(join(projectFolder, file)) ? ` (${file})` : '';
  return `${(thrown as Error).message}${where}`;
}

/** As committed: stable, so that a review sees the state machine change. */
export function formatMachine(machine: StateMachine): string {
  return `${JSON.stringify(machine, null, 2)}\n`;
}
