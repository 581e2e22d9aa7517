// Which model goes when room is needed. A policy sees every use and names the next victim among those that may go.

export interface EvictionPolicy {
  /** The model was asked for, whether it was there or not. */
  touched(key: string): void;
  /** The model takes room from now on; what it took to load it may weigh. */
  added(key: string, facts?: { readonly bytes: number; readonly loadMs: number }): void;
  removed(key: string): void;
  /** The one to go next, of those that may; undefined when none may. */
  victim(mayGo: (key: string) => boolean): string | undefined;
}
