// Follows which rows of a long list are in view.
import { type RefObject, useEffect, useRef, useState } from 'react';
import { rangeOf, type VisibleRange } from './visible-range.ts';

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
