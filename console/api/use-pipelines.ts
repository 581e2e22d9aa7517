// The pipelines that can be called, read once for the whole page.
import { getJson } from './client.ts';
import { type Polled, usePolled } from './use-polled.ts';

/** As `GET /pipelines` lists them. */
export interface PipelineEntry {
  readonly name: string;
  readonly description: string;
  readonly invocations: string;
  readonly contentTypes: readonly string[];
  /** A record to try; absent where a record is bytes. */
  readonly example?: unknown;
}

let reading: Promise<readonly PipelineEntry[]> | undefined;

export function usePipelines(): Polled<readonly PipelineEntry[]> {
  return usePolled({ key: 'pipelines', read: readPipelines });
}

function readPipelines(): Promise<readonly PipelineEntry[]> {
  reading ??= getJson<{ pipelines: readonly PipelineEntry[] }>('/pipelines').then(
    ({ pipelines }) => pipelines,
    (thrown: unknown) => {
      // A later reader asks again.
      reading = undefined;
      throw thrown;
    },
  );
  return reading;
}
