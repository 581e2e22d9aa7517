// The stages that compose others: a switch, a weighted split, parallel branches, another pipeline, a shadow. How each of
// them is compiled: docs/composition.md.
import type { EndpointTarget, Named, Pipeline, Stage, StagePolicy } from './pipeline.ts';

/** Another pipeline, whose answer joins the record. Of pipelines with `flow: 'record'`. */
export interface NestedStage extends StagePolicy {
  readonly kind: 'nested';
  readonly pipeline: Pipeline;
  /** The fields of the one record it is given, as expressions. */
  readonly record: Readonly<Record<string, string>>;
  /** The field under which the other pipeline's output record joins this one's. */
  readonly into: string;
}

/** The first case whose condition holds; then what follows the switch. Of pipelines with `flow: 'record'`. */
export interface SwitchStage extends Named {
  readonly kind: 'switch';
  readonly cases: readonly SwitchCase[];
  /** For a record that meets none. No stages, unless told. */
  readonly otherwise?: readonly Stage[];
}

export interface SwitchCase {
  /** An expression that is true or false. */
  readonly when: string;
  readonly stages: readonly Stage[];
}

/** One of several branches, by weight; then what follows the split. Of pipelines with `flow: 'record'`. */
export interface SplitStage extends Named {
  readonly kind: 'split';
  /** An expression. The same key always takes the same branch, in every execution. */
  readonly key: string;
  readonly branches: readonly SplitBranch[];
}

export interface SplitBranch {
  /** The branch's part of the sum of all weights. */
  readonly weight: number;
  readonly stages: readonly Stage[];
}

/** All branches side by side, then what follows, with what they gave merged by name. Of pipelines with `flow: 'record'`. */
export interface ParallelStage extends Named {
  readonly kind: 'parallel';
  readonly branches: readonly ParallelBranch[];
}

export interface ParallelBranch {
  /** PascalCase. */
  readonly name: string;
  readonly stages: readonly Stage[];
  /** The fields that join the record. No two branches give the same. */
  readonly gives: readonly string[];
  /**
   * `hard` (unless told): its failure is the record's. `soft`: the record goes on, the branch's fields are null, and
   * the field `<name>Failure`, otherwise null, is `{stage, error, message}`.
   */
  readonly dependence?: 'hard' | 'soft';
}

/**
 * A model that is asked beside the others: its answer is recorded and compared, and never used. The record does not wait
 * for it, and its failure harms nothing. Of pipelines with `flow: 'record'`.
 */
export interface ShadowStage extends Named {
  readonly kind: 'shadow';
  readonly endpoint: EndpointTarget;
  /** An expression: what is sent. */
  readonly instance: string;
  readonly targetModel?: string;
  readonly targetVariant?: string;
  /** An expression: the answer that is used, which the shadow's is compared with. */
  readonly against: string;
  /** Numbers that differ by less than this part of the larger one agree. 1e-6 unless told. */
  readonly tolerance?: number;
}

export function nestedStage(stage: Omit<NestedStage, 'kind'>): NestedStage {
  return { kind: 'nested', ...stage };
}

export function switchStage(stage: Omit<SwitchStage, 'kind'>): SwitchStage {
  return { kind: 'switch', ...stage };
}

export function splitStage(stage: Omit<SplitStage, 'kind'>): SplitStage {
  return { kind: 'split', ...stage };
}

export function parallelStage(stage: Omit<ParallelStage, 'kind'>): ParallelStage {
  return { kind: 'parallel', ...stage };
}

export function shadowStage(stage: Omit<ShadowStage, 'kind'>): ShadowStage {
  return { kind: 'shadow', ...stage };
}

/** The stages that stand directly inside a stage, branch by branch. */
export function branchesOf(stage: Stage): readonly (readonly Stage[])[] {
  switch (stage.kind) {
    case 'switch':
      return [...stage.cases.map(({ stages }) => stages), stage.otherwise ?? []];
    case 'split':
    case 'parallel':
      return stage.branches.map(({ stages }) => stages);
    default:
      return [];
  }
}

/** Every stage, each before those inside it, in the order of the definition. */
export function allStages(stages: readonly Stage[]): Stage[] {
  return stages.flatMap((stage) => [stage, ...branchesOf(stage).flatMap(allStages)]);
}

/** The names of the stages whose outputs a request may ask for: those that give something. */
export function includableStages(stages: readonly Stage[]): string[] {
  const giving: readonly Stage['kind'][] = ['function', 'inference', 'payload', 'nested', 'parallel'];
  return allStages(stages)
    .filter(({ kind }) => giving.includes(kind))
    .map(({ name }) => name);
}
