// Data capture: a sample of what endpoints were asked and what they answered, as JSON Lines in S3.
// https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
import { randomUUID } from 'node:crypto';
import type { DataCaptureConfig } from '../control/records.ts';
import type { HostContext } from '../hosting/host-context.ts';
import { parseS3Url } from '../hosting/plan.ts';
import type { Invocation, InvocationAnswer } from './invocation.ts';

interface Batch {
  readonly config: DataCaptureConfig;
  readonly endpointName: string;
  readonly variantName: string;
  readonly lines: string[];
  bytes: number;
}

/** A batch of this size is written without waiting for its time. */
const BATCH_BYTES = 1024 * 1024;

export class DataCapture {
  readonly #context: HostContext;
  readonly #batches = new Map<string, Batch>();
  readonly #writing = new Set<Promise<void>>();
  #cancelTimer: (() => void) | undefined;

  constructor(context: HostContext) {
    this.#context = context;
  }

  /** Takes one exchange if it falls into the sample. */
  offer(config: DataCaptureConfig, invocation: Invocation, answer: InvocationAnswer): void {
    if (config.EnableCapture === false || Math.random() * 100 >= config.InitialSamplingPercentage) return;
    const batch = this.#batchFor(config, invocation.endpointName, answer.invokedProductionVariant);
    const line = captureLine(config, { invocation, answer, atMs: this.#context.clock.now() });
    batch.lines.push(line);
    batch.bytes += line.length;
    if (batch.bytes >= BATCH_BYTES) this.#write(batch);
    else
      this.#cancelTimer ??= this.#context.clock.schedule(this.#context.settings.captureFlushMs, this.#flush);
  }

  /** Writes what is waiting and what is under way. */
  async close(): Promise<void> {
    this.#cancelTimer?.();
    this.#flush();
    await Promise.all(this.#writing);
  }

  readonly #flush = (): void => {
    this.#cancelTimer = undefined;
    for (const batch of [...this.#batches.values()]) this.#write(batch);
  };

  #batchFor(config: DataCaptureConfig, endpointName: string, variantName: string): Batch {
    const key = `${endpointName}/${variantName}`;
    const known = this.#batches.get(key);
    if (known !== undefined && known.config === config) return known;
    if (known !== undefined) this.#write(known);
    const batch = { config, endpointName, variantName, lines: [], bytes: 0 };
    this.#batches.set(key, batch);
    return batch;
  }

  #write(batch: Batch): void {
    this.#batches.delete(`${batch.endpointName}/${batch.variantName}`);
    const { bucket, key } = parseS3Url(batch.config.DestinationS3Uri);
    const path = [key.replace(/\/+$/, ''), batch.endpointName, batch.variantName, this.#fileName()];
    const at = { bucket, key: path.filter(Boolean).join('/') };
    const written = this.#context.s3
      .putObject(at, `${batch.lines.join('\n')}\n`, { contentType: 'application/jsonlines' })
      .then(
        () => {},
        (error: Error) => this.#complain(batch, error),
      );
    this.#writing.add(written);
    void written.finally(() => this.#writing.delete(written));
  }

  #fileName(): string {
    const [date, time] = new Date(this.#context.clock.now()).toISOString().split('T') as [string, string];
    const [hour, minute, rest] = time.split(':') as [string, string, string];
    const stamp = `${minute}-${rest.replace('.', '-').replace('Z', '')}`;
    return `${date.replaceAll('-', '/')}/${hour}/${stamp}-${randomUUID()}.jsonl`;
  }

  #complain({ endpointName, variantName }: Batch, error: Error): void {
    const message = `Captured data could not be written: ${error.message}`;
    const timestamp = this.#context.clock.now();
    this.#context.logs.write(`/aws/sagemaker/Endpoints/${endpointName}`, `${variantName}/data-log`, [
      { timestamp, message },
    ]);
  }
}

/** One line of the captured file. */
export function captureLine(
  config: DataCaptureConfig,
  exchange: { readonly invocation: Invocation; readonly answer: InvocationAnswer; readonly atMs: number },
): string {
  const { invocation, answer, atMs } = exchange;
  const modes = config.CaptureOptions.map((option) => option.CaptureMode);
  const has = (mode: string): boolean => modes.some((one) => one === mode || one === 'InputAndOutput');
  const part = (mode: string, type: string | undefined, data: Uint8Array | string) => ({
    observedContentType: type ?? 'application/octet-stream',
    mode,
    ...encode(config, type, data),
  });
  return JSON.stringify({
    captureData: {
      ...(has('Input') ? { endpointInput: part('INPUT', invocation.contentType, invocation.body) } : {}),
      ...(has('Output') ? { endpointOutput: part('OUTPUT', answer.contentType, answer.body) } : {}),
    },
    eventMetadata: {
      eventId: randomUUID(),
      ...(invocation.customAttributes === undefined
        ? {}
        : { customAttributes: [invocation.customAttributes] }),
      ...(invocation.inferenceId === undefined ? {} : { inferenceId: invocation.inferenceId }),
      inferenceTime: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    },
    eventVersion: '0',
  });
}

/** As text where the config lists the content type; base64 otherwise. */
function encode(
  { CaptureContentTypeHeader: listed }: DataCaptureConfig,
  contentType: string | undefined,
  data: Uint8Array | string,
): { data: string; encoding: 'CSV' | 'JSON' | 'BASE64' } {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const type = contentType?.split(';', 1)[0]?.trim();
  if (type !== undefined && listed?.CsvContentTypes?.includes(type))
    return { data: bytes.toString('utf8'), encoding: 'CSV' };
  if (type !== undefined && listed?.JsonContentTypes?.includes(type))
    return { data: bytes.toString('utf8'), encoding: 'JSON' };
  return { data: bytes.toString('base64'), encoding: 'BASE64' };
}
