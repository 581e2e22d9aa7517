// A plot over time, drawn by uPlot in the page's own colours. Lines differ by dash as well as by colour, and what is
// drawn can be read as a table.
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** A variable of the stylesheet. */
  readonly colour: string;
  readonly dash?: readonly number[];
  readonly isBar?: boolean;
  /** A mark at each value, for lines with gaps. */
  readonly hasPoints?: boolean;
}

interface PlotProps {
  readonly title: string;
  /** Milliseconds. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** Of the time axis, milliseconds. */
  readonly window?: readonly [from: number, to: number];
  readonly height?: number;
}

export function Plot(props: PlotProps) {
  const { title, lines } = props;
  const room = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = room.current!;
    let plot = draw(element, props);
    const redraw = (): void => {
      plot.destroy();
      plot = draw(element, props);
    };
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: heightOf(props) }),
    );
    observer.observe(element);
    addEventListener('themechange', redraw);
    return () => {
      observer.disconnect();
      removeEventListener('themechange', redraw);
      plot.destroy();
    };
  }, [props]);
  return (
    <figure className="plot">
      <figcaption>
        {title}
        <span className="plot-key">
          {lines.map(({ label, colour, dash }) => (
            <span key={label} style={{ color: `var(${colour})` }}>
              <svg viewBox="0 0 18 8" aria-hidden="true">
                <path d="M0 4h18" strokeDasharray={dash?.join(' ')} />
              </svg>
              <span className="plot-label">{label}</span>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={room} className="plot-room" role="img" aria-label={`${title}: ${spoken(props)}`} />
    </figure>
  );
}

function heightOf({ height = 120 }: PlotProps): number {
  return height;
}

function draw(element: HTMLElement, props: PlotProps): uPlot {
  const { times, lines, format, window } = props;
  const colours = getComputedStyle(element);
  const axis = { stroke: colours.getPropertyValue('--quiet'), font: '11px system-ui', ticks: { size: 4 } };
  const grid = { stroke: colours.getPropertyValue('--line'), width: 1 };
  const options: uPlot.Options = {
    width: element.clientWidth,
    height: heightOf(props),
    legend: { show: false },
    cursor: { y: false },
    scales: {
      x: window === undefined ? {} : { range: [window[0] / 1000, window[1] / 1000] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid, size: 28, space: 70, values: (_, splits) => splits.map(clockText) },
      { ...axis, grid, size: 58, space: 28, values: (_, splits) => splits.map(format) },
    ],
    series: [{}, ...lines.map((line) => seriesOf(line, colours))],
  };
  const data = [times.map((time) => time / 1000), ...lines.map(({ values }) => [...values])];
  return new uPlot(options, data as uPlot.AlignedData, element);
}

/** Of a plot over days the hour would say too little, but its title has the window. */
function clockText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString('en-GB').replace(/:00$/, '');
}

function seriesOf(line: Line, colours: CSSStyleDeclaration): uPlot.Series {
  const { label, colour, dash, isBar } = line;
  const stroke = colours.getPropertyValue(colour);
  return {
    label,
    stroke,
    width: 1.5,
    spanGaps: line.hasPoints !== true,
    ...(dash === undefined ? {} : { dash: [...dash] }),
    points: { show: line.hasPoints === true, size: 5, fill: stroke },
    ...(isBar ? { paths: uPlot.paths.bars!({ size: [0.7, 12] }), fill: stroke } : {}),
  };
}

/** The newest value of each line, which a reader of the plot looks at first. */
function spoken({ lines, format }: PlotProps): string {
  const texts = lines.map(({ label, values }) => {
    const last = values.findLast((value) => value !== null);
    return `${label} ${last == null ? 'none' : format(last)}`;
  });
  return `last ${texts.join(', ')}`;
}
