// How large a batch is: records and chunks, as the stage that splits its input counted them. Pure.
import type { MapRunSummary, RenderedPayload } from '../../layers/seriatim/inspection/api.ts';

export interface BatchSize {
  readonly records: number;
  /** Those that this execution does: of a batch that is resumed, the rest. */
  readonly chunks: number;
}

/** @param payload what the split gave */
export function sizeIn({ parts }: Pick<RenderedPayload, 'parts'>): BatchSize | undefined {
  const whole = parts.find(({ path }) => path === '$');
  if (whole?.kind !== 'json') return undefined;
  const { totals, todo } = (whole.value ?? {}) as {
    readonly totals?: { readonly records?: unknown };
    readonly todo?: { readonly count?: unknown };
  };
  const [records, chunks] = [totals?.records, todo?.count];
  return typeof records === 'number' && typeof chunks === 'number' ? { records, chunks } : undefined;
}

/** 0 to 1; `undefined` while the Map Run still counts its items, since a share of a growing total would go back. */
export function shareDone(
  { status, items }: Pick<MapRunSummary, 'status' | 'items'>,
  size: BatchSize | undefined,
): number | undefined {
  const total = size === undefined ? items.total : Math.max(size.chunks, items.total);
  const isCounted = size !== undefined || status !== 'RUNNING';
  if (!isCounted) return undefined;
  if (total === 0) return 1;
  const { succeeded, failed, timedOut, aborted } = items;
  return (succeeded + failed + timedOut + aborted) / total;
}
