// Tabs as the ARIA practices have them: one of them is in the tab order, the arrow keys go to the others.
import { type KeyboardEvent, type ReactNode, useId } from 'react';

export interface Tab {
  readonly id: string;
  readonly title: string;
}

interface TabsProps {
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  readonly children: ReactNode;
}

export function Tabs({ label, tabs, chosen, onChoose, children }: TabsProps) {
  const base = useId();
  return (
    <div className="tabbed">
      <div
        role="tablist"
        aria-label={label}
        className="tabs"
        onKeyDown={(event) => move(event, tabs, onChoose)}
      >
        {tabs.map(({ id, title }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${base}-${id}`}
            data-tab={id}
            aria-selected={id === chosen}
            aria-controls={`${base}-panel`}
            tabIndex={id === chosen ? 0 : -1}
            onClick={() => onChoose(id)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${chosen}`} className="tab-panel">
        {children}
      </div>
    </div>
  );
}

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

function move(event: KeyboardEvent, tabs: readonly Tab[], onChoose: (id: string) => void): void {
  const at = tabs.findIndex(({ id }) => id === (event.target as HTMLElement).dataset.tab);
  const step = STEPS[event.key];
  const next = event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : step && at + step;
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  const { id } = tabs[(next + tabs.length) % tabs.length]!;
  onChoose(id);
  event.currentTarget.querySelector<HTMLElement>(`[data-tab="${id}"]`)?.focus();
}
