// What the expressions of one state see while it runs.
import type { Clock } from '../../clock.ts';
import type { Json } from '../json/text.ts';

/** Variables by name; those of an outer scope are found through the prototype. */
export type Variables = Record<string, Json>;

export interface Scope {
  /** `$` of JSONPath, `$states.input` of JSONata. */
  readonly input: Json;
  /** `$states.result`, once there is one. */
  readonly result?: Json;
  /** `$states.errorOutput`, in a Catch. */
  readonly errorOutput?: Json;
  readonly variables: Variables;
  /** `$$` and `$states.context`, made when asked for. */
  readonly context: () => Json;
  /** Time, where it is turned by hand: for `$now` and `$millis`. */
  readonly clock?: Clock | undefined;
  /** Whether any payload of this execution holds number literals that JSONata must not see. */
  readonly hasLiterals?: boolean;
}

/** Values that may need JSONata's asynchronous evaluator; most do not. */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on at once when the value is at hand. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
