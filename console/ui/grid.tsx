// A table of any length, of which only what is seen is in the page: an ARIA grid whose rows are links. One row is in
// the tab order; the arrow keys, Page Up and Down, Home and End go through the rest, and Enter follows the link.
// biome-ignore-all lint/a11y/useSemanticElements: rows stand where they are put, which a table's cannot
// biome-ignore-all lint/a11y/useFocusableInteractive: the focus goes to a row's link
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react';
import { NARROW, PHONE, useMedia } from './use-media.ts';
import { useWindow } from './use-window.ts';
import type { VisibleRange } from './visible-range.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: ReactNode;
  /** Of the grid's template: `8rem`, `minmax(10rem, 1fr)`. */
  readonly width: string;
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Left out where the page is narrow. */
  readonly isWide?: boolean;
}

export interface GridProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Where a row leads; the link is in its first cell. */
  readonly hrefOf: (row: Row) => string;
  /** The row whose thing is shown beside the grid. */
  readonly chosenKey?: string | undefined;
  /** All rows there are; `unknown` when there are more than were read. */
  readonly total?: number | 'unknown' | undefined;
  /** The end of what was read comes into view. */
  readonly onEnd?: () => void;
  /** These rows are in the page. */
  readonly onRange?: ((start: number, end: number) => void) | undefined;
  /** The first row is in view, or no longer. */
  readonly onTop?: (isAtTop: boolean) => void;
  /** Of one row, in pixels. */
  readonly rowHeight?: number;
  readonly phoneRowHeight?: number;
  /** Under this width the grid scrolls sideways. */
  readonly minWidth?: string;
}

const ROW = 32;

export function Grid<Row>(props: GridProps<Row>) {
  const { columns, rows, rowHeight = ROW, phoneRowHeight = rowHeight, onEnd, onTop } = props;
  const isPhone = useMedia(PHONE);
  const height = isPhone ? phoneRowHeight : rowHeight;
  const isNarrow = useMedia(NARROW);
  const shown = isNarrow ? columns.filter(({ isWide }) => isWide !== true) : columns;
  const [scroller, range] = useWindow(rows.length, height);
  const focus = useRowFocus(rows.length, { scroller, range, height });
  const isAtEnd = range.end >= rows.length - 20;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's function may be new each time
  useEffect(() => {
    if (isAtEnd) onEnd?.();
  }, [isAtEnd, rows.length]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller's function may be new each time
  useEffect(() => onTop?.(range.top < height), [range.top < height]);
  const { start, end } = range;
  const { onRange } = props;
  useEffect(() => onRange?.(start, end), [onRange, start, end]);
  const style = {
    '--columns': shown.map(({ width }) => width).join(' '),
    '--row': `${height}px`,
    '--min-width': props.minWidth ?? '0',
  };
  return (
    <div
      role="grid"
      aria-label={props.label}
      aria-rowcount={props.total === 'unknown' ? -1 : (props.total ?? rows.length) + 1}
      aria-colcount={shown.length}
      className="grid"
      style={style as CSSProperties}
      onKeyDown={focus.onKeyDown}
    >
      <div className="grid-scroll" ref={scroller}>
        <Head columns={shown} />
        <div role="rowgroup" className="grid-body" style={{ height: rows.length * height }}>
          {rows.slice(range.start, range.end).map((row, at) => (
            <GridRow
              key={props.keyOf(row)}
              {...{ row, columns: shown, hrefOf: props.hrefOf }}
              index={range.start + at}
              top={(range.start + at) * height}
              isChosen={props.keyOf(row) === props.chosenKey}
              isInTabOrder={range.start + at === focus.active}
              onFocus={focus.onFocus}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function Head<Row>({ columns }: { readonly columns: readonly Column<Row>[] }) {
  return (
    <div role="rowgroup" className="grid-head">
      <div role="row" aria-rowindex={1} className="grid-row">
        {columns.map(({ id, title, isNumber }) => (
          <div key={id} role="columnheader" className={isNumber ? 'cell number' : 'cell'}>
            {title}
          </div>
        ))}
      </div>
    </div>
  );
}

interface RowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly hrefOf: (row: Row) => string;
  readonly index: number;
  readonly top: number;
  readonly isChosen: boolean;
  readonly isInTabOrder: boolean;
  readonly onFocus: (index: number) => void;
}

function GridRow<Row>({ row, columns, hrefOf, index, top, isChosen, isInTabOrder, onFocus }: RowProps<Row>) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the row's link takes the keys
    <div
      role="row"
      onClick={followLink}
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      className={isChosen ? 'grid-row body chosen' : 'grid-row body'}
      style={{ transform: `translateY(${top}px)` }}
    >
      {columns.map(({ id, cell, isNumber }, at) => (
        <div key={id} role="gridcell" className={isNumber ? 'cell number' : 'cell'} data-column={id}>
          {at > 0 && cell(row)}
          {at === 0 && (
            <a
              className="row-link"
              href={hrefOf(row)}
              data-index={index}
              tabIndex={isInTabOrder ? 0 : -1}
              onFocus={() => onFocus(index)}
            >
              {cell(row)}
            </a>
          )}
        </div>
      ))}
    </div>
  );
}

/** What is drawn over the link, such as a bar with its tooltips, leads where the link does. */
function followLink({ target, currentTarget }: MouseEvent<HTMLElement>): void {
  if ((target as HTMLElement).closest('a, button') !== null) return;
  currentTarget.querySelector<HTMLElement>('.row-link')!.click();
}

interface Surroundings {
  readonly scroller: { readonly current: HTMLDivElement | null };
  readonly range: VisibleRange;
  readonly height: number;
}

/** The row that has or would get the focus; one that is not in the page yet gets it once it is. */
function useRowFocus(count: number, { scroller, range, height }: Surroundings) {
  const [wanted, setWanted] = useState(0);
  const pending = useRef(false);
  useEffect(() => {
    if (!pending.current) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-index="${wanted}"]`);
    if (link == null) return;
    pending.current = false;
    link.focus({ preventScroll: true });
  });
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target as HTMLElement).classList.contains('row-link')) return;
    const next = nextRow(event.key, { at: wanted, count, page: range.perPage });
    if (next === undefined) return;
    event.preventDefault();
    pending.current = true;
    setWanted(next);
    scrollTo(scroller.current, next, height);
  };
  // Were the row in the tab order scrolled away, the grid could not be reached by Tab.
  const isInPage = wanted >= range.start && wanted < range.end;
  return { active: isInPage ? wanted : range.first, onKeyDown, onFocus: setWanted };
}

function nextRow(
  key: string,
  { at, count, page }: { readonly at: number; readonly count: number; readonly page: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(count - 1, at + step));
}

function scrollTo(scroller: HTMLElement | null, index: number, height: number): void {
  if (scroller === null) return;
  const head = scroller.firstElementChild!.clientHeight;
  const [top, bottom] = [index * height, (index + 1) * height + head];
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (bottom > scroller.scrollTop + scroller.clientHeight)
    scroller.scrollTop = bottom - scroller.clientHeight;
}
