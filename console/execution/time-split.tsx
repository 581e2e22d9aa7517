// Where an inference's time went: as parts of a bar, and as a table in words.
import type { TimeSplit } from '../../layers/seriatim/inspection/view.ts';
import { lengthText } from '../ui/format.ts';

type Part = Exclude<keyof TimeSplit, 'totalMs'>;

/** In the order in which they happen; the way there and back is drawn first. */
export const PARTS: readonly (readonly [part: Part, word: string])[] = [
  ['networkMs', 'network'],
  ['queueMs', 'queue'],
  ['batchWaitMs', 'batch wait'],
  ['loadMs', 'model load'],
  ['decodeMs', 'decode'],
  ['computeMs', 'compute'],
  ['encodeMs', 'encode'],
];

export function SplitBar({ time }: { readonly time: TimeSplit }) {
  return PARTS.map(([part, word]) => {
    const share = (time[part] ?? 0) / Math.max(time.totalMs, 0.001);
    if (share < 0.002) return null;
    const text = `${word} ${lengthText(time[part])}`;
    return <span key={part} className={`part ${part}`} title={text} style={{ flexGrow: share }} />;
  });
}

export function SplitLegend({ parts }: { readonly parts: ReadonlySet<string> }) {
  const present = PARTS.filter(([part]) => parts.has(part));
  if (present.length === 0) return null;
  return (
    <ul className="legend" aria-label="Parts of a bar">
      {present.map(([part, word]) => (
        <li key={part}>
          <span className={`part ${part}`} aria-hidden="true" /> {word}
        </li>
      ))}
    </ul>
  );
}

export function SplitTable({ time }: { readonly time: TimeSplit }) {
  return (
    <table className="split">
      <caption>Where the time went</caption>
      <tbody>
        {PARTS.filter(([part]) => time[part] !== undefined).map(([part, word]) => (
          <tr key={part}>
            <th scope="row">
              <span className={`part ${part}`} aria-hidden="true" /> {word}
            </th>
            <td className="number">{lengthText(time[part])}</td>
            <td className="number quiet">
              {Math.round((100 * time[part]!) / Math.max(time.totalMs, 0.001))} %
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
