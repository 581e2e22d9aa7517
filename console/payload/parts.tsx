// A payload's parts, each drawn by what it is: JSON, a table, a tensor, a picture, a claim, text or bytes.
import { useState } from 'react';
import type {
  BinaryPart,
  ClaimPart,
  PayloadPart,
  RenderedPayload,
  TablePart,
  TextPart,
} from '../../layers/seriatim/inspection/api.ts';
import { getJson } from '../api/client.ts';
import { bytesText, countText } from '../ui/format.ts';
import { Problem } from '../ui/messages.tsx';
import { type PayloadPlace, renderedPath } from './address.ts';
import { JsonTree } from './json-tree.tsx';
import { Picture } from './picture.tsx';
import { Tensor } from './tensor.tsx';

interface PartsProps {
  readonly parts: readonly PayloadPart[];
  readonly place: PayloadPlace;
}

export function Parts({ parts, place }: PartsProps) {
  return parts.map((part) => (
    <div key={`${part.kind} ${part.path}`} className="payload-part">
      <p className="part-head">
        <code>{part.path === '$' ? 'whole' : part.path}</code> {part.contentType}{' '}
        <span className="quiet">{bytesText(part.bytes)}</span>
      </p>
      <Part part={part} place={place} />
    </div>
  ));
}

function Part({ part, place }: { readonly part: PayloadPart; readonly place: PayloadPlace }) {
  switch (part.kind) {
    case 'json':
      return <JsonTree value={part.value} />;
    case 'table':
      return <Table part={part} />;
    case 'tensor':
      return <Tensor tensor={part.tensor} />;
    case 'image':
      return <Picture part={part} place={place} title={part.label ?? part.format.toUpperCase()} />;
    case 'claim':
      return <Claim part={part} place={place} />;
    default:
      return <Text part={part} />;
  }
}

function Table({ part: { columns, rows, totalRows, isCut } }: { readonly part: TablePart }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="scrolled" tabIndex={0} aria-label="First rows">
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name than its place
              <tr key={at}>
                {row.map((cell, column) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <td key={column}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="quiet">
        {countText(rows.length)} of {isCut && 'at least '}
        {countText(totalRows)} rows
      </p>
    </>
  );
}

function Claim({ part, place }: { readonly part: ClaimPart; readonly place: PayloadPlace }) {
  const { claim, path } = part;
  const [fetched, setFetched] = useState<RenderedPayload>();
  const [error, setError] = useState<Error>();
  const read = (): void => {
    getJson<RenderedPayload>(renderedPath(place, path)).then(setFetched, setError);
  };
  return (
    <div className="claim">
      <p>
        Claim{' '}
        <code>
          s3://{claim.bucket}/{claim.key}
        </code>{' '}
        {claim.sha256 !== '' && <span className="quiet">sha256 {claim.sha256.slice(0, 12)}…</span>}
      </p>
      {fetched === undefined && (
        <button type="button" onClick={read}>
          Fetch {bytesText(claim.bytes)}
        </button>
      )}
      {error !== undefined && <Problem error={error} onRetry={read} />}
      {fetched !== undefined && <Parts parts={fetched.parts} place={place} />}
    </div>
  );
}

function Text({ part }: { readonly part: TextPart | BinaryPart }) {
  if (part.kind === 'binary' && part.withheld !== undefined) return <p className="quiet">{part.withheld}</p>;
  const text = part.kind === 'text' ? part.text : part.head.replaceAll(/../g, '$& ');
  const isCut = part.kind === 'binary' || part.isCut;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className="scrolled" tabIndex={0}>
        {text}
      </pre>
      {isCut && <p className="quiet">The beginning only.</p>}
    </>
  );
}
