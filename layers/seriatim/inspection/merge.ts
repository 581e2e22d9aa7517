// Several lists, each newest first, as one.
import type { ExecutionSummary } from './view.ts';

/** Reads each list only as far as is asked for; all of them start at once. */
export async function* mergeNewest(
  lists: readonly AsyncGenerator<ExecutionSummary>[],
): AsyncGenerator<ExecutionSummary> {
  const heads = await Promise.all(lists.map(async (list) => ({ list, head: await list.next() })));
  try {
    for (;;) {
      const newest = heads
        .filter(({ head }) => head.done !== true)
        .sort((a, b) => compare(a.head, b.head))[0];
      if (newest === undefined) return;
      yield newest.head.value as ExecutionSummary;
      newest.head = await newest.list.next();
    }
  } finally {
    await Promise.all(lists.map((list) => list.return(undefined)));
  }
}

function compare(a: IteratorResult<ExecutionSummary>, b: IteratorResult<ExecutionSummary>): number {
  const [one, other] = [orderOf(a.value as ExecutionSummary), orderOf(b.value as ExecutionSummary)];
  return one < other ? 1 : one > other ? -1 : 0;
}

/** What a list is ordered by: when it started, or when it ended where the start is not known. */
export function orderOf(summary: ExecutionSummary): string {
  return summary.start ?? summary.end ?? '';
}
