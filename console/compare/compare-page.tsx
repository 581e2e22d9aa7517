// Two executions stage by stage: same or different input, how far the outputs are apart, time, cost, models.
import type { Comparison, Difference, StageComparison } from '../../layers/seriatim/inspection/api.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import { executionHref } from '../route.ts';
import { dollarsText, lengthText, numberText } from '../ui/format.ts';
import { Problem, Reading } from '../ui/messages.tsx';
import { useTitle } from '../ui/use-title.ts';
import { Results } from './results.tsx';

export default function ComparePage({ a, b }: { readonly a: string; readonly b: string }) {
  useTitle('Compare');
  const path = apiPath(['payloads', 'compare'], { a, b });
  const { data, error, reload } = usePolled<Comparison>({
    key: path,
    read: (signal) => getJson(path, signal),
  });
  return (
    <div className="page">
      <h1>Compare</h1>
      {error !== undefined && <Problem error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Reading what="the comparison" />}
      {data !== undefined && <Compared comparison={data} />}
    </div>
  );
}

function Compared({
  comparison: { a, b, input, output, stages, results },
}: {
  readonly comparison: Comparison;
}) {
  return (
    <>
      <p>
        A: <a href={executionHref(a.id)}>{a.id}</a> · B: <a href={executionHref(b.id)}>{b.id}</a>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="scrolled" tabIndex={0} aria-label="Comparison">
        <table>
          <thead>
            <tr>
              <th>Stage</th>
              <th>Input</th>
              <th>Output</th>
              <th className="number">A took</th>
              <th className="number">B took</th>
              <th className="number">A cost</th>
              <th className="number">B cost</th>
              <th>Models</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">whole</th>
              <td>{differenceText(input)}</td>
              <td>{differenceText(output)}</td>
              <td className="number">{lengthText(a.durationMs)}</td>
              <td className="number">{lengthText(b.durationMs)}</td>
              <td className="number">{dollarsText(a.dollars)}</td>
              <td className="number">{dollarsText(b.dollars)}</td>
              <td />
            </tr>
            {stages.map((stage) => (
              <Stage key={`${stage.name} ${stage.visit}`} stage={stage} />
            ))}
          </tbody>
        </table>
      </section>
      {results !== undefined && <Results results={results} />}
    </>
  );
}

function Stage({ stage }: { readonly stage: StageComparison }) {
  const { name, visit, input, output, durationMs, dollars, targetModels } = stage;
  const models = targetModels?.map((each) => each.join(', ')) ?? [];
  return (
    <tr>
      <th scope="row">
        {visit === 1 ? name : `${name} (${visit})`}
        {stage.in !== 'both' && ` only in ${stage.in.toUpperCase()}`}
      </th>
      <td>{differenceText(input)}</td>
      <td>{differenceText(output)}</td>
      <td className="number">{lengthText(durationMs?.[0])}</td>
      <td className="number">{lengthText(durationMs?.[1])}</td>
      <td className="number">{dollarsText(dollars?.[0])}</td>
      <td className="number">{dollarsText(dollars?.[1])}</td>
      <td>{models[0] === models[1] ? models[0] : models.join(' → ')}</td>
    </tr>
  );
}

export function differenceText(difference: Difference | undefined): string {
  if (difference === undefined) return '–';
  if (difference.same) return 'same';
  const { numbers, flips, images, onlyInA, onlyInB } = difference;
  const parts = [
    numbers !== undefined &&
      `numbers up to ${numberText(numbers.largestAbsolute)} apart, cosine ${numberText(numbers.cosine)}`,
    flips !== undefined && flips.flipped > 0 && `${flips.flipped} of ${flips.compared} values differ`,
    ...(images ?? []).map(({ ssim }) =>
      ssim === null ? 'pictures of other sizes' : `picture SSIM ${numberText(ssim)}`,
    ),
    onlyInA !== undefined && onlyInA.length > 0 && `only in A: ${onlyInA.slice(0, 3).join(', ')}`,
    onlyInB !== undefined && onlyInB.length > 0 && `only in B: ${onlyInB.slice(0, 3).join(', ')}`,
  ].filter(Boolean);
  return parts.length === 0 ? 'different' : parts.join('; ');
}
