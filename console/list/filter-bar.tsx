// What narrows the list. Each filter is in the page's address, so a filtered list can be linked to.
import type { FormEvent } from 'react';
import { usePipelines } from '../api/use-pipelines.ts';
import { pathHref } from '../route.ts';
import { STATUS_WORDS } from '../ui/status.tsx';
import { replaceHash } from '../ui/use-media.ts';
import { useDrafts } from './use-drafts.ts';
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
  const drafts = useDrafts(filters, give);
  const set = (name: FilterName, value: string): void => give({ ...drafts.merged(), [name]: value });
  const clear = (): void => {
    drafts.forget();
    give({});
  };
  const words = (name: FilterName) => ({
    text: drafts.textOf(name),
    onType: (text: string) => drafts.type(name, text),
    onGiven: () => give(drafts.merged()),
  });
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
      <Words label="Error" {...words('error')} />
      <Words label="Failed stage" {...words('stage')} />
      {Object.keys(filters).length > 0 && (
        <button type="button" className="plain" onClick={clear}>
          Clear
        </button>
      )}
    </search>
  );
}

function give(filters: Filters): void {
  replaceHash(pathHref(['executions'], new URLSearchParams(Object.entries(filters))));
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
  readonly text: string;
  readonly onType: (text: string) => void;
  readonly onGiven: () => void;
}

/** Given when the typing pauses, or at once with Enter. */
function Words({ label, text, onType, onGiven }: WordsProps) {
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    onGiven();
  };
  return (
    <form onSubmit={submit}>
      <label>
        {label}
        <input value={text} size={14} onChange={(event) => onType(event.target.value)} />
      </label>
    </form>
  );
}
