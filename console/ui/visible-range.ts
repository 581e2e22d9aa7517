// Which rows of a long list are in view, with some before and after them. Pure.

export interface VisibleRange {
  /** In the page: from `start` up to `end`, not included. */
  readonly start: number;
  readonly end: number;
  /** The first that is seen. */
  readonly first: number;
  readonly perPage: number;
  /** Pixels scrolled. */
  readonly top: number;
}

const AROUND = 8;

export function rangeOf(
  count: number,
  rowHeight: number,
  { top, height }: { readonly top: number; readonly height: number },
): VisibleRange {
  const perPage = Math.max(1, Math.floor(height / rowHeight) - 1);
  const first = Math.max(0, Math.min(count - 1, Math.floor(top / rowHeight)));
  return {
    start: Math.max(0, first - AROUND),
    end: Math.min(count, first + perPage + 2 + AROUND),
    first,
    perPage,
    top,
  };
}
