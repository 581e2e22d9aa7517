// Where a list of executions goes on: the start time of the last one shown, and those shown that started in the same
// millisecond. So a page neither repeats nor skips anything, however many executions start between two pages.
import * as v from 'valibot';
import { orderOf } from './merge.ts';
import type { ExecutionSummary } from './view.ts';

export interface PageMark {
  readonly untilMs: number;
  /** ARNs that started at `untilMs` and have been shown. */
  readonly seen: readonly string[];
}

const schema = v.object({ untilMs: v.number(), seen: v.array(v.string()) });

/** @param page what was just shown, not empty; @param before the mark that it began at */
export function writeToken(page: readonly ExecutionSummary[], before: PageMark | undefined): string {
  const last = orderOf(page.at(-1)!);
  const untilMs = Date.parse(last);
  const seen = page.filter((summary) => orderOf(summary) === last).map((summary) => summary.arn);
  const earlier = before?.untilMs === untilMs ? before.seen : [];
  return Buffer.from(JSON.stringify({ untilMs, seen: [...earlier, ...seen] })).toString('base64url');
}

/** @throws RangeError when the text is not a token that `writeToken` made */
export function readToken(token: string): PageMark {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), schema),
    Buffer.from(token, 'base64url').toString(),
  );
  if (!parsed.success) throw new RangeError('The token is not one that a list of executions has given.');
  return parsed.output;
}
