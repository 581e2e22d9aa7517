// Which models answered, for the run's manifest: by variant and target model, with the records that each answered. Pure.
import type { Frame } from '../../layers/seriatim/index.ts';
import type { AnsweredHead } from './groups.ts';

export interface ModelUse {
  readonly stage: string;
  readonly variant?: string;
  readonly targetModel?: string;
  readonly records: number;
}

/** They travel in a state. The records of further ones are counted together. */
const MOST_NAMED = 200;

export function modelsOf(stage: string, answers: readonly Frame<AnsweredHead>[]): ModelUse[] {
  const uses = new Map<string, ModelUse>();
  for (const { head } of answers) {
    const { variant, targetModel, positions, failure } = head;
    if (failure !== undefined) continue;
    const id = JSON.stringify([variant, targetModel]);
    const isNamed = uses.has(id) || uses.size < MOST_NAMED;
    const key = isNamed ? id : 'others';
    const use = isNamed ? { stage, ...named(variant, targetModel) } : { stage, targetModel: 'others' };
    uses.set(key, { ...use, records: (uses.get(key)?.records ?? 0) + positions.length });
  }
  return [...uses.values()];
}

function named(variant: string | undefined, targetModel: string | undefined) {
  return {
    ...(variant === undefined ? {} : { variant }),
    ...(targetModel === undefined ? {} : { targetModel }),
  };
}
