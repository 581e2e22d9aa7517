// What narrows the list. Each filter is in the page's address, so a filtered list can be linked to.
import { type FormEvent, useEffect, useState } from 'react';
import { usePipelines } from '../api/use-pipelines.ts';
import { pathHref } from '../route.ts';
import { STATUS_WORDS } from '../ui/status.tsx';
import { replaceHash } from '../ui/use-media.ts';
import type { FilterName, Filters } from './use-executions.ts';

const WINDOWS = [
  ['', 'any time'],
  ['15m', 'the last 15 min'],
  ['1h', 'the last hour'],
  ['6h', 'the last 6 hours'],
  ['24h', 'the last day'],
  ['7d', 'the last 7 days'],
] as const;

export function FilterBar({ filters }: { readonly filters: Filters }) {
  const pipelines = usePipelines().data?.map(({ name }) => name) ?? [];
  const known = filters.pipeline && !pipelines.includes(filters.pipeline) ? [filters.pipeline] : [];
  const windows = WINDOWS.some(([value]) => value === (filters.since ?? ''))
    ? WINDOWS
    : [...WINDOWS, [filters.since!, `since ${filters.since}`] as const];
  const set = (name: FilterName, value: string): void => {
    const query = new URLSearchParams(Object.entries({ ...filters, [name]: value }));
    replaceHash(pathHref(['executions'], query));
  };
  return (
    <search className="filters" aria-label="Filter executions">
      <Choice
        label="Pipeline"
        value={filters.pipeline ?? ''}
        options={[['', 'all'], ...[...pipelines, ...known].map((name) => [name, name] as const)]}
        onChoose={(value) => set('pipeline', value)}
      />
      <Choice
        label="Status"
        value={filters.status ?? ''}
        options={[['', 'any'], ...Object.entries(STATUS_WORDS)]}
        onChoose={(value) => set('status', value)}
      />
      <Choice
        label="Started in"
        value={filters.since ?? ''}
        options={windows}
        onChoose={(value) => set('since', value)}
      />
      <Words label="Error" value={filters.error ?? ''} onGiven={(value) => set('error', value)} />
      <Words label="Failed stage" value={filters.stage ?? ''} onGiven={(value) => set('stage', value)} />
      {Object.keys(filters).length > 0 && (
        <button type="button" className="plain" onClick={() => replaceHash('#/executions')}>
          Clear
        </button>
      )}
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, title: string])[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map(([one, title]) => (
          <option key={one} value={one}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

interface WordsProps {
  readonly label: string;
  readonly value: string;
  readonly onGiven: (value: string) => void;
}

/** Given with Enter or by leaving the field: each is a question to the API. */
function Words({ label, value, onGiven }: WordsProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const give = (event?: FormEvent): void => {
    event?.preventDefault();
    if (text.trim() !== value) onGiven(text.trim());
  };
  return (
    <form onSubmit={give}>
      <label>
        {label}
        <input
          value={text}
          size={14}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => give()}
        />
      </label>
    </form>
  );
}
