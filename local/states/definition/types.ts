// A state machine's definition once compiled: expressions parsed, defaults filled in. Made by `compile.ts`, run by
// `run/`. One shape per state type. https://states-language.net/spec.html
import type { Json } from '../json/text.ts';
import type { Path } from '../paths/parse.ts';
import type { MaybePromise, Scope } from '../run/scope.ts';

/** A field's value for one run of a state. */
export type Evaluate<T = Json> = (scope: Scope) => MaybePromise<T>;

/** States with one start: a machine, a branch, an item processor. */
export interface StateGraph {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, CompiledState>;
}

export interface CompiledMachine extends StateGraph {
  readonly timeoutSeconds: number | undefined;
}

export type CompiledState =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

export type StateType = CompiledState['type'];

export interface StateBase {
  readonly name: string;
  /** The name as JSON text: it stands in every event. */
  readonly nameText: string;
  readonly isJsonata: boolean;
  /** Absent at a terminal state. */
  readonly next: string | undefined;
  /** `null` in the definition is an empty object. */
  readonly inputPath: Path | null | undefined;
  readonly outputPath: Path | null | undefined;
  /** JSONata's `Output`. */
  readonly output: Evaluate | undefined;
  readonly assign: Evaluate | undefined;
}

/** What states with a result add: JSONPath's ResultSelector and ResultPath, and the rules for errors. */
export interface ResultBase extends StateBase {
  /** `Parameters` or `Arguments`. */
  readonly parameters: Evaluate | undefined;
  readonly resultSelector: Evaluate | undefined;
  readonly resultPath: Path | null | undefined;
  readonly retriers: readonly Retrier[];
  readonly catchers: readonly Catcher[];
}

export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number | undefined;
  readonly hasJitter: boolean;
}

export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  readonly resultPath: Path | null | undefined;
  readonly output: Evaluate | undefined;
  readonly assign: Evaluate | undefined;
}

export interface PassState extends ResultBase {
  readonly type: 'Pass';
  readonly result: { readonly value: Json } | undefined;
}

export interface TaskState extends ResultBase {
  readonly type: 'Task';
  readonly resource: Resource;
  readonly timeoutSeconds: Evaluate<number | undefined>;
  readonly heartbeatSeconds: Evaluate<number | undefined>;
  readonly credentials: Evaluate | undefined;
}

export type IntegrationPattern = 'request' | 'sync' | 'sync:2' | 'token';

/** A task's `Resource`, taken apart. */
export interface Resource {
  readonly text: string;
  readonly kind: 'lambda' | 'activity' | 'sdk' | 'optimised';
  /** `lambda`, `states`, `sagemaker` …; for `sdk` the service's name in the ARN. */
  readonly service: string;
  readonly operation: string;
  readonly pattern: IntegrationPattern;
  /** As events show them: `resourceType` and `resource`. */
  readonly resourceType: string;
  readonly resourceName: string;
}

export interface ChoiceRule {
  readonly condition: Evaluate<boolean>;
  readonly next: string;
  readonly output: Evaluate | undefined;
  readonly assign: Evaluate | undefined;
}

export interface ChoiceState extends StateBase {
  readonly type: 'Choice';
  readonly rules: readonly ChoiceRule[];
  readonly defaultNext: string | undefined;
}

export interface WaitState extends StateBase {
  readonly type: 'Wait';
  /** When to go on, in milliseconds since the epoch. */
  readonly until: (scope: Scope, nowMs: number) => MaybePromise<number>;
}

export interface SucceedState extends StateBase {
  readonly type: 'Succeed';
}

export interface FailState extends StateBase {
  readonly type: 'Fail';
  readonly error: Evaluate<string> | undefined;
  readonly cause: Evaluate<string> | undefined;
}

export interface ParallelState extends ResultBase {
  readonly type: 'Parallel';
  readonly branches: readonly StateGraph[];
}

export interface MapState extends ResultBase {
  readonly type: 'Map';
  readonly processor: StateGraph;
  readonly isDistributed: boolean;
  readonly executionType: 'STANDARD' | 'EXPRESS';
  readonly label: string | undefined;
  /** The array to go through, when it does not come from an ItemReader. */
  readonly items: Evaluate;
  readonly itemSelector: Evaluate | undefined;
  /** 0: as many as there may be. */
  readonly maxConcurrency: Evaluate<number>;
  readonly toleratedFailureCount: Evaluate<number | undefined>;
  readonly toleratedFailurePercentage: Evaluate<number | undefined>;
  readonly reader: ItemReader | undefined;
  readonly batcher: ItemBatcher | undefined;
  readonly writer: ResultWriter | undefined;
}

export interface ItemReader {
  readonly resource: string;
  readonly parameters: Evaluate | undefined;
  readonly inputType: string | undefined;
  readonly transformation: string | undefined;
  readonly csvHeaderLocation: string | undefined;
  readonly csvHeaders: readonly string[] | undefined;
  readonly csvDelimiter: string | undefined;
  readonly manifestType: string | undefined;
  readonly itemsPointer: string | undefined;
  readonly maxItems: Evaluate<number | undefined>;
}

export interface ItemBatcher {
  readonly batchInput: Evaluate | undefined;
  readonly maxItems: Evaluate<number | undefined>;
  readonly maxBytes: Evaluate<number | undefined>;
}

export interface ResultWriter {
  readonly resource: string | undefined;
  readonly parameters: Evaluate | undefined;
  readonly transformation: string;
  readonly outputType: string;
}
