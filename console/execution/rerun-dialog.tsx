// Asks how an execution is to be run again: from which stage, with which input, against which model.
import { type FormEvent, type ReactNode, useState } from 'react';
import type { RerunAnswer, RerunRequest } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson, postJson } from '../api/client.ts';
import { executionHref } from '../route.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Problem } from '../ui/messages.tsx';

interface DialogProps {
  readonly execution: ExecutionView;
  readonly onClose: () => void;
}

const TARGETS = { targetModel: 'Target model', variant: 'Variant', endpoint: 'Endpoint' } as const;

export function RerunDialog({ execution, onClose }: DialogProps) {
  const [from, setFrom] = useState('');
  const [input, setInput] = useState<string>();
  const [targets, setTargets] = useState<Readonly<Record<string, string>>>({});
  const [failure, setFailure] = useState<Error>();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    try {
      const wish = readWish({ from, input, targets });
      const { id } = await postJson<RerunAnswer>(apiPath(['executions', execution.arn, 'rerun']), wish);
      onClose();
      location.hash = executionHref(id);
    } catch (thrown) {
      setFailure(thrown as Error);
    }
  };
  return (
    <Dialog title="Run again" onClose={onClose}>
      <form className="stacked" onSubmit={submit}>
        <Field label="From">
          <select value={from} onChange={(event) => setFrom(event.target.value)}>
            <option value="">the beginning</option>
            {[...new Set(execution.stages.map(({ name }) => name))].map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </Field>
        <InputField {...{ execution, from, input, setInput, setFailure }} />
        {Object.entries(TARGETS).map(([name, label]) => (
          <Field key={name} label={`${label}, in place of what the pipeline chooses`}>
            <input
              value={targets[name] ?? ''}
              onChange={(event) => setTargets({ ...targets, [name]: event.target.value.trim() })}
            />
          </Field>
        ))}
        {failure !== undefined && <Problem error={failure} />}
        <div className="buttons">
          <button type="submit" className="primary">
            Run again
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Field({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label>
      {label}
      {children}
    </label>
  );
}

interface InputProps {
  readonly execution: ExecutionView;
  readonly from: string;
  readonly input: string | undefined;
  readonly setInput: (input: string | undefined) => void;
  readonly setFailure: (failure: Error) => void;
}

/** The recorded input is read only when it is to be edited: not everybody may. */
function InputField({ execution, from, input, setInput, setFailure }: InputProps) {
  const edit = async (): Promise<void> => {
    try {
      const view = await getJson<ExecutionView>(apiPath(['payloads', execution.arn]));
      const recorded = from === '' ? view : view.stages.findLast(({ name }) => name === from);
      setInput(JSON.stringify(recorded?.input, null, 2) ?? '');
    } catch (thrown) {
      setFailure(thrown as Error);
    }
  };
  if (input === undefined) {
    return (
      <div>
        With the recorded input{' '}
        <button type="button" onClick={edit}>
          Edit it …
        </button>
      </div>
    );
  }
  return (
    <Field label="Input, JSON">
      <textarea
        rows={10}
        spellCheck={false}
        value={input}
        onChange={(event) => setInput(event.target.value)}
      />
      {input.includes(HIDDEN) && (
        <span role="status">Replace each {HIDDEN} before it is sent: the rules hide what stood there.</span>
      )}
    </Field>
  );
}

/** What a rule hid of the recorded input is not there to be sent again. */
const HIDDEN = '[redacted]';

/** @throws SyntaxError for an input that is no JSON, Error for one of which something is hidden */
function readWish(given: {
  readonly from: string;
  readonly input: string | undefined;
  readonly targets: Readonly<Record<string, string>>;
}): RerunRequest {
  if (given.input?.includes(HIDDEN)) {
    throw new Error(`Replace each ${HIDDEN} first: the rules hide what stood there.`);
  }
  const targets = Object.fromEntries(Object.entries(given.targets).filter(([, value]) => value !== ''));
  return {
    ...targets,
    ...(given.from === '' ? {} : { from: given.from }),
    ...(given.input === undefined ? {} : { input: JSON.parse(given.input) as unknown }),
  };
}
