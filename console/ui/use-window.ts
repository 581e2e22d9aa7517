// Which rows of a long list are in view, with some before and after them.
import { type RefObject, useEffect, useRef, useState } from 'react';

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

export function useWindow(
  count: number,
  rowHeight: number,
): [RefObject<HTMLDivElement | null>, VisibleRange] {
  const scroller = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = scroller.current!;
    const look = (): void =>
      setSeen((before) => {
        const { scrollTop: top, clientHeight: height } = element;
        // Only another first row is worth drawing anew.
        const isSame =
          before.height === height && Math.floor(before.top / rowHeight) === Math.floor(top / rowHeight);
        return isSame ? before : { top, height };
      });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [rowHeight]);
  return [scroller, rangeOf(count, rowHeight, seen)];
}

/** Pure. */
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
