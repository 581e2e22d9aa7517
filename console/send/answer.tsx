// A pipeline's answer: its status, the time of each stage, the body, and the execution that gave it.
import { JsonTree } from '../payload/json-tree.tsx';
import { executionHref } from '../route.ts';
import { lengthText } from '../ui/format.ts';

export interface Answered {
  readonly status: number;
  readonly ms: number;
  readonly body: unknown;
  readonly executionArn: string | undefined;
  /** As `Server-Timing` names them. */
  readonly stages: readonly (readonly [name: string, ms: number])[];
}

/** @param begunMs of `performance.now()` */
export async function readAnswer(response: Response, begunMs: number): Promise<Answered> {
  const text = await response.text();
  const body = parsed(text);
  const inBody = (body as { error?: { executionArn?: string } } | null)?.error?.executionArn;
  return {
    status: response.status,
    ms: performance.now() - begunMs,
    body,
    executionArn: response.headers.get('x-seriatim-execution-arn') ?? inBody,
    stages: readTiming(response.headers.get('server-timing') ?? ''),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `Preprocess;dur=1, Estimate;dur=5` */
export function readTiming(header: string): [string, number][] {
  return [...header.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name, ms]) => [name!, Number(ms)]);
}

export function Answer({ answered }: { readonly answered: Answered }) {
  const { status, ms, body, executionArn, stages } = answered;
  const isGood = status < 400;
  return (
    <section className="answer" aria-label="Answer" aria-live="polite">
      <h2 className={isGood ? 'good' : 'bad'}>
        {isGood ? 'Answered' : 'Refused'} with {status} <span className="quiet">in {lengthText(ms)}</span>
      </h2>
      {executionArn !== undefined && (
        <p>
          <a href={executionHref(executionArn)}>Look at its execution</a>
        </p>
      )}
      {stages.length > 0 && (
        <p className="quiet">
          {stages.map(([name, stageMs]) => `${name} ${lengthText(stageMs)}`).join(' · ')}
        </p>
      )}
      <JsonTree value={body} />
    </section>
  );
}
