// Where a run's results go, part after part.
import type { Upload, Uploaded } from '../../layers/seriatim/index.ts';

export interface ResultSink {
  add(results: Buffer): Promise<void>;
  finish(): Promise<Uploaded>;
  abort(): Promise<void>;
}

/** Lines as they are, after a first one of the output's own. */
export function byteSink(upload: Upload, start = ''): ResultSink {
  let hasStarted = false;
  const begin = async (): Promise<void> => {
    if (!hasStarted) await upload.write(Buffer.from(start));
    hasStarted = true;
  };
  return {
    async add(results) {
      await begin();
      await upload.write(results);
    },
    async finish() {
      await begin();
      return upload.finish();
    },
    abort: () => upload.abort(),
  };
}
