// The columns of a CSV or Parquet file beside the fields that the pipeline takes: which line is the header, and what
// is wrong with it. Pure.
import { isUtf8 } from 'node:buffer';
import {
  type BatchOptions,
  type BatchRun,
  cellsOf,
  findPipeline,
  firstBadByte,
  type InputFields,
  InvalidPayload,
} from '../../layers/seriatim/index.ts';

const DELIMITERS = [',', ';', '\t', '|'];

export interface FoundColumns {
  readonly columns: readonly string[];
  /** Whether the first record names them. */
  readonly isHeader: boolean;
}

/** @throws InvalidPayload saying what is wrong with the first line */
export function columnsOf(
  line: string,
  fields: InputFields | undefined,
  { delimiter, header }: { readonly delimiter: string; readonly header: BatchOptions['header'] },
): FoundColumns {
  const cells = cellsOf(line, delimiter).map((cell) => cell.trim());
  if (fields === undefined) return { columns: cells, isHeader: true };
  const isHeader = header ?? cells.some((cell) => fields.all.includes(cell));
  if (!isHeader)
    return { columns: withoutHeader(line, cells, { fields, delimiter, header }), isHeader: false };
  checkDelimiter(line, fields, delimiter);
  checkColumns(cells, fields, 'The header (line 1)');
  return { columns: cells, isHeader: true };
}

/** @throws InvalidPayload naming the columns that are missing or twice there */
export function checkColumns(columns: readonly string[], fields: InputFields, where: string): void {
  const missing = fields.required.filter((field) => !columns.includes(field));
  if (missing.length > 0) {
    throw new InvalidPayload(
      `${where} lacks ${quoted(missing)}, which the pipeline takes; it names ${quoted(columns.slice(0, 40))}.`,
    );
  }
  const twice = columns.filter((column, i) => columns.indexOf(column) !== i);
  if (twice.length > 0) throw new InvalidPayload(`${where} names ${quoted([...new Set(twice)])} twice.`);
}

/**
 * What the option `columns` asks for of a joined output, now that the file's own are known.
 * @throws InvalidPayload naming those that neither the file nor the results have
 */
export function checkOutputColumns(
  { pipeline, options }: Pick<BatchRun, 'pipeline' | 'options'>,
  columns: readonly string[],
): void {
  const { outputFields } = findPipeline(pipeline);
  const asked = options.columns ?? [];
  const unknown = asked.filter((name) => !columns.includes(name) && !outputFields.includes(name));
  if (unknown.length === 0) return;
  throw new InvalidPayload(
    `options: columns: neither the file nor the results have ${quoted(unknown)}; the file has ${quoted(columns.slice(0, 40))}, the results ${quoted(outputFields)}.`,
    { pipeline },
  );
}

/** @throws InvalidPayload with the place of the first byte that is none, and the option that reads it */
export function checkUtf8(line: Buffer): void {
  if (isUtf8(line)) return;
  const at = firstBadByte(line);
  const byte = `0x${line[at]!.toString(16).padStart(2, '0')}`;
  throw new InvalidPayload(
    `Line 1 is not UTF-8: its byte ${at} is ${byte}; the option "encoding": "latin1" reads such files.`,
  );
}

/** The cells stand in the order of the pipeline's own fields. */
function withoutHeader(
  line: string,
  cells: readonly string[],
  { fields, delimiter, header }: { fields: InputFields; delimiter: string; header: boolean | undefined },
): readonly string[] {
  checkDelimiter(line, fields, delimiter);
  if (cells.length === fields.all.length) return fields.all;
  throw new InvalidPayload(
    header === false
      ? `Line 1 has ${cells.length} cells; without a header the pipeline's ${fields.all.length} fields are expected in order: ${fields.all.join(', ')}.`
      : `Line 1 is no header: it names none of the fields that the pipeline takes, ${quoted(fields.all)}.`,
  );
}

/** A line that means more with another delimiter was written with that one. */
function checkDelimiter(line: string, fields: InputFields, delimiter: string): void {
  const score = (other: string): number => {
    const cells = cellsOf(line, other).map((cell) => cell.trim());
    const named = cells.filter((cell) => fields.all.includes(cell)).length;
    return named * 1000 + (cells.length === fields.all.length ? 1 : 0);
  };
  const other = DELIMITERS.find((each) => each !== delimiter && score(each) > score(delimiter));
  if (other === undefined) return;
  throw new InvalidPayload(
    `Line 1 is delimited by ${JSON.stringify(other)}, not by ${JSON.stringify(delimiter)}; the option "delimiter" tells it.`,
  );
}

function quoted(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)).join(', ');
}
