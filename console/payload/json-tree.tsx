// JSON, folded: objects and arrays open and close, long ones show their first members. What the API has folded comes
// as `{"$folded":"…"}`, what it draws on its own as `{"$carried":"<path>"}`.
import { type ReactNode, useState } from 'react';
import type { TensorFacts } from '../../layers/seriatim/inspection/api.ts';
import { bytesText } from '../ui/format.ts';
import { Tensor } from './tensor.tsx';

interface TreeProps {
  readonly value: unknown;
  readonly name?: string;
  readonly depth?: number;
}

const OPEN_DEPTH = 5;
const FIRST = 50;

export function JsonTree({ value, name, depth = 0 }: TreeProps) {
  if (typeof value !== 'object' || value === null) {
    return (
      <div className="json-line">
        <Name name={name} />
        <Scalar value={value} />
      </div>
    );
  }
  const members = Array.isArray(value)
    ? value.map((one, at) => [String(at), one] as const)
    : Object.entries(value);
  const special = specialOf(value);
  if (special !== undefined) {
    return (
      <div className="json-line">
        <Name name={name} />
        {special}
      </div>
    );
  }
  if (members.length === 0) {
    return (
      <div className="json-line">
        <Name name={name} />
        <span className="quiet">{Array.isArray(value) ? '[]' : '{}'}</span>
      </div>
    );
  }
  const brief = Array.isArray(value) ? `[${members.length}]` : `{${members.length}}`;
  return (
    <details className="json" open={depth < OPEN_DEPTH && members.length <= FIRST}>
      <summary>
        <Name name={name} />
        <span className="quiet">{brief}</span>
      </summary>
      <Members members={members} depth={depth + 1} />
    </details>
  );
}

interface MembersProps {
  readonly members: readonly (readonly [name: string, value: unknown])[];
  readonly depth: number;
}

function Members({ members, depth }: MembersProps) {
  const [most, setMost] = useState(FIRST);
  return (
    <div className="json-members">
      {members.slice(0, most).map(([name, value]) => (
        <JsonTree key={name} name={name} value={value} depth={depth} />
      ))}
      {members.length > most && (
        <button type="button" onClick={() => setMost(most + 10 * FIRST)}>
          {members.length - most} more
        </button>
      )}
    </div>
  );
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span className="json-name">{name}: </span>;
}

function Scalar({ value }: { readonly value: unknown }) {
  const kind = value === null ? 'null' : typeof value;
  return <span className={`json-${kind}`}>{JSON.stringify(value) ?? 'undefined'}</span>;
}

interface Folded {
  readonly $folded?: unknown;
  readonly $carried?: unknown;
  readonly $count?: unknown;
  readonly $bytes?: unknown;
  readonly $head?: unknown;
  readonly $tensor?: unknown;
}

/** What stands for something that is not sent whole, as `foldJson` of the API writes it. */
function specialOf(value: object): ReactNode {
  const { $folded, $carried, $count, $bytes, $head, $tensor } = value as Folded;
  if (typeof $carried === 'string') return <span className="quiet">↓ drawn below</span>;
  if (typeof $folded !== 'string') return undefined;
  if (typeof $tensor === 'object' && $tensor !== null) return <Tensor tensor={$tensor as TensorFacts} />;
  if (typeof $head === 'string') {
    return (
      <>
        <span className="json-string">{JSON.stringify($head)}…</span>
        <span className="quiet"> {bytesText(Number($bytes))}</span>
      </>
    );
  }
  return <span className="quiet">{typeof $count === 'number' ? `${$count} more` : $folded}</span>;
}
