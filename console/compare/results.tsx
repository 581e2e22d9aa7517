// Two batches by their results: each field with how far its numbers lie apart, as a histogram, and which values differ.
import type { BatchResults } from '../../layers/seriatim/inspection/api.ts';
import { countText, numberText } from '../ui/format.ts';

export function Results({ results }: { readonly results: BatchResults }) {
  const { records, differing, fields, objects, isCut } = results;
  return (
    <section aria-label="Results">
      <h2>Results</h2>
      <p>
        {countText(records[0])} and {countText(records[1])} records, {countText(differing)} differ
        {isCut && ', of the beginning of both'}: {objects.join(' · ')}
      </p>
      {fields.map((field) => (
        <Field key={field.field} field={field} />
      ))}
    </section>
  );
}

function Field({ field: { field, ...found } }: { readonly field: BatchResults['fields'][number] }) {
  const { count, largestAbsolute, at, meanAbsolute, flips, histogram } = found;
  const most = Math.max(1, ...histogram.map((bin) => bin.count));
  return (
    <>
      <h3>{field}</h3>
      {count > 0 && (
        <table>
          <caption>
            {countText(count)} numbers: the largest difference {numberText(largestAbsolute)} at record {at},
            the mean {numberText(meanAbsolute)}
          </caption>
          <thead>
            <tr>
              <th>Apart by</th>
              <th className="number">Records</th>
              <th>Share</th>
            </tr>
          </thead>
          <tbody>
            {histogram.map((bin) => (
              <tr key={bin.from}>
                <th scope="row">
                  {numberText(bin.from)} – {numberText(bin.to)}
                </th>
                <td className="number">{countText(bin.count)}</td>
                <td aria-hidden="true">{'█'.repeat(Math.ceil((bin.count / most) * 30))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {flips !== undefined && (
        <p>
          {countText(flips.flipped)} of {countText(flips.compared)} values differ
        </p>
      )}
    </>
  );
}
