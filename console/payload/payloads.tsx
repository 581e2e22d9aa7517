// What went in and what came out: pictures of both side by side with what was said of them, and each side drawn by its
// content type. Who may look but not read is told so.
import { useState } from 'react';
import type { ImagePart, RenderedPayload } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { getJson } from '../api/client.ts';
import { type Polled, usePolled } from '../api/use-polled.ts';
import type { StageAddress } from '../route.ts';
import { bytesText } from '../ui/format.ts';
import { Nothing, Problem, Reading } from '../ui/messages.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { type PayloadPlace, renderedPath } from './address.ts';
import { labelsOf } from './labels.ts';
import { Parts } from './parts.tsx';
import { Picture } from './picture.tsx';

/** What has an input and an output, of these sizes. */
interface Owner {
  readonly inputBytes?: number;
  readonly outputBytes?: number;
}

interface PayloadsProps {
  readonly execution: ExecutionView;
  /** The execution's own when absent. */
  readonly address?: StageAddress;
  readonly of: Owner;
  /** Both sides beside each other, where there is room. */
  readonly isWide?: boolean;
}

export function Payloads({ execution: { arn }, address, of, isWide = false }: PayloadsProps) {
  const [side, setSide] = useState('out');
  const places = {
    in: { arn, address, side: 'in' } satisfies PayloadPlace,
    out: { arn, address, side: 'out' } satisfies PayloadPlace,
  };
  const input = useRendered(places.in, of.inputBytes);
  const output = useRendered(places.out, of.outputBytes);
  const inputSide = <Side place={places.in} bytes={of.inputBytes} found={input} />;
  const outputSide = <Side place={places.out} bytes={of.outputBytes} found={output} />;
  const chosen = side === 'out' && of.outputBytes === undefined ? 'in' : side;
  return (
    <section aria-label="Payloads" className="payloads">
      <Pictures places={places} input={input.data} output={output.data} />
      {isWide ? (
        <div className="two-sides">
          <section aria-label="Input">
            <h2>Input</h2>
            {inputSide}
          </section>
          <section aria-label="Output">
            <h2>Output</h2>
            {outputSide}
          </section>
        </div>
      ) : (
        <Tabs
          label="Payload"
          tabs={[
            { id: 'in', title: `Input ${bytesText(of.inputBytes)}` },
            { id: 'out', title: `Output ${bytesText(of.outputBytes)}` },
          ]}
          chosen={chosen}
          onChoose={setSide}
        >
          {chosen === 'in' ? inputSide : outputSide}
        </Tabs>
      )}
    </section>
  );
}

function useRendered(place: PayloadPlace, bytes: number | undefined): Polled<RenderedPayload | undefined> {
  const path = renderedPath(place);
  return usePolled({
    key: `${path} ${bytes}`,
    read: async (signal) => (bytes === undefined ? undefined : await getJson<RenderedPayload>(path, signal)),
  });
}

interface SideProps {
  readonly place: PayloadPlace;
  readonly bytes: number | undefined;
  readonly found: Polled<RenderedPayload | undefined>;
}

function Side({ place, bytes, found: { data, error, reload } }: SideProps) {
  if (bytes === undefined) return <Nothing>There is none.</Nothing>;
  if (error !== undefined) return <Problem error={error} onRetry={reload} />;
  if (data === undefined) return <Reading what="the payload" />;
  return (
    <>
      <Parts parts={data.parts} place={place} />
      {data.redacted.length > 0 && (
        <p className="quiet">Hidden by a redaction rule: {data.redacted.join(', ')}</p>
      )}
    </>
  );
}

interface PicturesProps {
  readonly places: Readonly<Record<'in' | 'out', PayloadPlace>>;
  readonly input: RenderedPayload | undefined;
  readonly output: RenderedPayload | undefined;
}

/** The first picture of either side at one size, so that they can be compared, and the labels beside them. */
function Pictures({ places, input, output }: PicturesProps) {
  const [before, after] = [imageOf(input), imageOf(output)];
  if (before === undefined && after === undefined) return null;
  const labels = labelsOf(output);
  return (
    <div className="pictures">
      {before !== undefined && <Picture part={before} place={places.in} title="In" />}
      {after !== undefined && <Picture part={after} place={places.out} title="Out" />}
      {labels.length > 0 && (
        <dl className="labels">
          {labels.map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function imageOf(payload: RenderedPayload | undefined): ImagePart | undefined {
  return payload?.parts.find((part) => part.kind === 'image');
}
