// Which models answered, for the run's manifest: by variant, target model and the artefacts that were loaded for it, with
// the records that each answered. An artefact that is replaced under its name during a run is another model. Pure.
import type { Frame, PartModel } from '../../layers/seriatim/index.ts';
import type { AnsweredHead } from './groups.ts';

export type ModelUse = PartModel;

/** They travel in a state. The records of further ones are counted together. */
const MOST_NAMED = 200;

export function modelsOf(stage: string, answers: readonly Frame<AnsweredHead>[]): ModelUse[] {
  const uses = new Map<string, ModelUse>();
  for (const { head } of answers) {
    const { variant, targetModel, artefacts, positions, failure } = head;
    if (failure !== undefined) continue;
    const id = JSON.stringify([variant, targetModel, artefacts]);
    const isNamed = uses.has(id) || uses.size < MOST_NAMED;
    const key = isNamed ? id : 'others';
    const use = isNamed ? { stage, ...named(head) } : { stage, targetModel: 'others' };
    uses.set(key, { ...use, records: (uses.get(key)?.records ?? 0) + positions.length });
  }
  return [...uses.values()];
}

function named({ variant, targetModel, artefacts }: AnsweredHead) {
  return {
    ...(variant === undefined ? {} : { variant }),
    ...(targetModel === undefined ? {} : { targetModel }),
    ...(artefacts === undefined ? {} : { artefacts }),
  };
}
