// The compiler: a pipeline in, its two state machines out, by the names of their files.
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

/** As committed: stable, so that a review sees the state machine change. */
export function formatMachine(machine: StateMachine): string {
  return `${JSON.stringify(machine, null, 2)}\n`;
}
