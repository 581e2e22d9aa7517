// The form that sends a request to a pipeline: its example filled in, or for a pipeline of pictures a photo, chosen or
// dropped anywhere on the page. The answer stands below, with the way to its execution.
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { request } from '../api/client.ts';
import { type PipelineEntry, usePipelines } from '../api/use-pipelines.ts';
import { pathHref } from '../route.ts';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';
import { useTitle } from '../ui/use-title.ts';
import { Answer, type Answered, readAnswer } from './answer.tsx';
import { PhotoField } from './photo-field.tsx';

interface SendProps {
  /** The pipeline, of the address. */
  readonly asked: string | undefined;
  /** What was dropped on the page. */
  readonly photo: File | undefined;
}

export default function SendPage({ asked, photo }: SendProps) {
  useTitle('Send a request');
  const { data, error, reload } = usePipelines();
  const chosen = data?.find(({ name }) => name === asked) ?? data?.[0];
  return (
    <div className="page narrow">
      <h1>Send a request</h1>
      {error !== undefined && <Problem error={error} onRetry={reload} />}
      {data === undefined && error === undefined && <Reading what="pipelines" />}
      {data?.length === 0 && <Nothing>There is no pipeline.</Nothing>}
      {data !== undefined && chosen !== undefined && (
        <>
          <PipelineChoice pipelines={data} chosen={chosen} />
          <p>{chosen.description}</p>
          <RequestForm key={chosen.name} pipeline={chosen} photo={photo} />
        </>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly pipelines: readonly PipelineEntry[];
  readonly chosen: PipelineEntry;
}

function PipelineChoice({ pipelines, chosen }: ChoiceProps) {
  return (
    <label>
      Pipeline{' '}
      <select
        value={chosen.name}
        onChange={(event) => {
          location.hash = pathHref(['send', event.target.value]);
        }}
      >
        {pipelines.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

interface FormProps {
  readonly pipeline: PipelineEntry;
  readonly photo: File | undefined;
}

function RequestForm({ pipeline, photo }: FormProps) {
  const isJson = pipeline.contentTypes.includes('application/json');
  const [text, setText] = useState(() => JSON.stringify(pipeline.example ?? {}, null, 2));
  const dropped = isJson ? undefined : photo;
  const [wrong, setWrong] = useState(dropped && fileFault(dropped, pipeline));
  const [file, setFile] = useState(wrong === undefined ? dropped : undefined);
  const [answered, setAnswered] = useState<Answered | Error>();
  const [isSending, setSending] = useState(false);
  const latest = useRef((_given: File): void => undefined);
  // A photo that is dropped while the form is open.
  useEffect(() => {
    if (!isJson && photo !== undefined) latest.current(photo);
  }, [photo, isJson]);
  const choose = (given: File | undefined): void => {
    const fault = given && fileFault(given, pipeline);
    setFile(fault === undefined ? given : undefined);
    setWrong(fault);
  };
  latest.current = choose;
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setSending(true);
    setAnswered(await send(pipeline, isJson ? text : file!).catch((thrown: Error) => thrown));
    setSending(false);
  };
  return (
    <>
      <form className="stacked" onSubmit={submit}>
        {isJson ? (
          <JsonField text={text} onText={setText} />
        ) : (
          <PhotoField file={file} contentTypes={pipeline.contentTypes} onFile={choose} />
        )}
        {wrong !== undefined && <p role="alert">{wrong}</p>}
        <div className="buttons">
          <button type="submit" className="primary" disabled={isSending || (!isJson && file === undefined)}>
            {isSending ? 'Waiting for the answer …' : 'Send'}
          </button>
        </div>
      </form>
      {answered instanceof Error && <Problem error={answered} />}
      {answered !== undefined && !(answered instanceof Error) && <Answer answered={answered} />}
    </>
  );
}

function JsonField({ text, onText }: { readonly text: string; readonly onText: (text: string) => void }) {
  const id = useId();
  const wrong = jsonFault(text);
  return (
    <div>
      <label htmlFor={id}>Record, JSON</label>
      <textarea
        id={id}
        rows={Math.min(24, text.split('\n').length + 1)}
        spellCheck={false}
        value={text}
        aria-invalid={wrong !== undefined}
        aria-describedby={`${id}-wrong`}
        onChange={(event) => onText(event.target.value)}
      />
      <p id={`${id}-wrong`} className="quiet">
        {wrong ?? 'Several at once: {"instances": [ … ]}'}
      </p>
    </div>
  );
}

/** Said beside the field; it is sent all the same, for what the API answers is worth seeing too. */
function jsonFault(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (thrown) {
    return `This is no JSON: ${(thrown as Error).message}`;
  }
}

function fileFault(
  { name, type }: File,
  { contentTypes, name: pipeline }: PipelineEntry,
): string | undefined {
  if (contentTypes.includes(type)) return undefined;
  return `${name} is ${type || 'of an unknown type'}: ${pipeline} takes ${contentTypes.join(', ')}.`;
}

async function send({ invocations }: PipelineEntry, body: string | File): Promise<Answered> {
  const begunMs = performance.now();
  const type = typeof body === 'string' ? 'application/json' : body.type;
  const response = await request(invocations, { method: 'POST', headers: { 'content-type': type }, body });
  return readAnswer(response, begunMs);
}
