// Results as Parquet: the lines of each part become a row group. A column's type is what all its values fit, as the
// heads of the parts tell before the first is written.
import {
  type BasicType,
  ByteWriter,
  type ColumnSource,
  ParquetWriter,
  schemaFromColumnData,
} from 'hyparquet-writer';
import type { ColumnKind, Upload } from '../../layers/seriatim/index.ts';
import type { ResultSink } from './sink.ts';

export interface ParquetColumns {
  /** Without `error`, which comes last and is null for a record that came through. */
  readonly names: readonly string[];
  readonly kinds: Readonly<Record<string, ColumnKind>>;
}

type Row = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<ColumnKind, BasicType>> = {
  boolean: 'BOOLEAN',
  whole: 'INT32',
  number: 'DOUBLE',
  text: 'STRING',
};

export function parquetSink(upload: Upload, { names, kinds }: ParquetColumns): ResultSink {
  const columns = [...names, 'error'].map((name) => ({ name, kind: kinds[name] ?? 'text' }));
  const bytes = new ByteWriter();
  const schema = schemaFromColumnData({
    columnData: columns.map(({ name, kind }) => ({ name, data: [], type: TYPES[kind], nullable: true })),
  });
  const writer = new ParquetWriter({ writer: bytes, schema, createdBy: 'seriatim' });
  const flush = async (): Promise<void> => {
    const written = Buffer.from(bytes.getBytes());
    bytes.index = 0;
    await upload.write(written);
  };
  return {
    async add(results) {
      const rows = results
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map(readRow);
      const columnData = columns.map(
        ({ name, kind }): ColumnSource => ({ name, data: cells(rows, name, kind) }),
      );
      writer.write({ columnData, rowGroupSize: Math.max(1, rows.length) });
      await flush();
    },
    async finish() {
      writer.finish();
      await flush();
      return upload.finish();
    },
    abort: () => upload.abort(),
  };
}

function cells(rows: readonly Row[], name: string, kind: ColumnKind): unknown[] {
  return rows.map((row) => {
    const value = row[name];
    if (value === undefined || value === null) return null;
    return kind === 'text' && typeof value !== 'string' ? JSON.stringify(value) : value;
  });
}

interface RowError {
  readonly code: string;
  readonly message: string;
}

/** The error as a CSV file has it. */
function readRow(line: string): Row {
  const { error, ...row } = JSON.parse(line) as { error?: RowError };
  return error === undefined ? row : { ...row, error: `${error.code}: ${error.message}` };
}
