// Results as Parquet: the lines of each part become a row group.
import type { Upload } from '../../layers/seriatim/index.ts';
import { ParquetEncoder } from './parquet.ts';
import type { ResultSink } from './sink.ts';

/** @param columns without `error`, which comes last and is null for a record that came through */
export function parquetSink(upload: Upload, columns: readonly string[]): ResultSink {
  const encoder = new ParquetEncoder([...columns, 'error']);
  let hasStarted = false;
  const begin = async (): Promise<void> => {
    if (!hasStarted) await upload.write(encoder.start());
    hasStarted = true;
  };
  return {
    async add(results) {
      await begin();
      const lines = results.toString('utf8').split('\n');
      await upload.write(encoder.group(lines.filter((line) => line !== '').map(readRow)));
    },
    async finish() {
      await begin();
      await upload.write(encoder.end());
      return upload.finish();
    },
    abort: () => upload.abort(),
  };
}

interface RowError {
  readonly code: string;
  readonly message: string;
}

/** The error as a CSV file has it. */
function readRow(line: string): Readonly<Record<string, unknown>> {
  const { error, ...row } = JSON.parse(line) as { error?: RowError };
  return error === undefined ? row : { ...row, error: `${error.code}: ${error.message}` };
}
