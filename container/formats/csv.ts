// CSV: one record per row; its cells are the elements of the inputs in the model's order. A first row of names is told
// by `text/csv; header=present`, or by a cell that is no number where the model takes one. When all its names are
// columns of the model (`bedrooms`, or `numeric.0` for the first element of `numeric`) cells are taken by name,
// otherwise by place.
import { createRequire } from 'node:module';
import { InferenceError } from '../errors.ts';
import { allocate, type Dtype, type Signature, type Tensor, type TensorSpec } from '../tensors.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, Part } from './codec.ts';
import { ElementMisfit, elementFromCell, elementToCell } from './elements.ts';
import { readText } from './json.ts';
import type { MediaType } from './media-type.ts';

const require = createRequire(import.meta.url);

/** One cell of a row: the element `index` of input `spec`. */
interface Column {
  readonly name: string;
  readonly spec: TensorSpec;
  readonly index: number;
}

/** @throws InferenceError InvalidPayload, naming row and column */
export function decodeCsv(body: Buffer, { contentType, signature }: DecodeContext): DecodedBody {
  const isSingle = !signature.isBatched;
  if (isSingle && !signature.inputs.every(({ shape }) => shape[0] === 1))
    throw new InferenceError('InvalidPayload', 'CSV needs a model with a batch axis.');
  const table = parseTable(readText(body));
  const [first] = table;
  if (first === undefined) throw new InferenceError('InvalidPayload', 'The request holds no records.');
  const columns = columnsOf(signature, first.length);
  const hasHeader = isHeader(first, columns, contentType);
  const records = hasHeader ? table.slice(1) : table;
  if (records.length === 0) throw new InferenceError('InvalidPayload', 'The request holds no records.');
  const order = hasHeader ? orderByName(first, columns) : columns;
  const firstRow = hasHeader ? 2 : 1;
  const fill = (some: string[][], row: number) => fillTensors(some, order, { signature, firstRow: row });
  // A model that is fixed to one record runs once for each.
  const parts: Part[] = isSingle
    ? records.map((record, row) => ({ tensors: fill([record], firstRow + row), rows: 1, positions: [row] }))
    : [{ tensors: fill(records, firstRow), rows: records.length }];
  return { parts, rows: records.length };
}

type ParseSync = (text: string, options: object) => string[][];
let parseSync: ParseSync | undefined;

/** The parser is loaded with the first CSV request. */
function parseTable(text: string): string[][] {
  parseSync ??= (require('csv-parse/sync') as { parse: ParseSync }).parse;
  try {
    return parseSync(text, { bom: true, skip_empty_lines: true, relax_column_count: true });
  } catch (thrown) {
    throw new InferenceError('InvalidPayload', `The body is not CSV: ${(thrown as Error).message}`);
  }
}

function columnsOf(signature: Signature, width: number): Column[] {
  return signature.inputs.flatMap((spec) => {
    const elements = rowElements(spec, signature, width);
    return Array.from({ length: elements }, (_, index) => ({
      name: elements === 1 ? spec.name : `${spec.name}.${index}`,
      spec,
      index,
    }));
  });
}

/** An only input of varying width takes the row as it comes. */
function rowElements(spec: TensorSpec, { inputs }: Signature, width: number): number {
  const inner = spec.shape.slice(1);
  if (inputs.length === 1 && inner.length === 1 && typeof inner[0] === 'string') return width;
  return inner.reduce<number>((product, dimension) => {
    if (typeof dimension === 'number') return product * dimension;
    throw new InferenceError('InvalidPayload', `Input "${spec.name}" varies in shape; CSV cannot tell it.`);
  }, 1);
}

function isHeader(cells: readonly string[], columns: readonly Column[], { parameters }: MediaType): boolean {
  if (parameters.header !== undefined) return parameters.header === 'present';
  const names = new Set(columns.map(({ name }) => name));
  if (cells.every((cell) => names.has(cell.trim()))) return true;
  return columns.some(({ spec }, index) => !fits(spec.dtype, cells[index] ?? ''));
}

/** Whether the cell could be data: one that starts like a number is a bad number rather than a name. */
function fits(dtype: Dtype, cell: string): boolean {
  if (dtype === 'string' || /^\s*[-+.\d]/.test(cell)) return true;
  try {
    elementFromCell(dtype, cell);
    return true;
  } catch {
    return cell.trim() === '';
  }
}

/**
 * By name where the header holds the model's columns, each once. By place where its names are others, or stand where
 * they would anyway.
 * @throws InferenceError InvalidPayload for a mixture, which would be read wrong either way
 */
function orderByName(header: readonly string[], columns: readonly Column[]): readonly Column[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const order = header.map((cell) => byName.get(cell.trim()));
  const isComplete = order.length === columns.length && new Set(order).size === columns.length;
  if (isComplete && !order.includes(undefined)) return order as Column[];
  if (order.every((column, index) => column === undefined || column === columns[index])) return columns;
  const message = `The header "${header.join(',').slice(0, 100)}" names some of the model's columns out of place or twice, and not all of them: ${namesOf(columns)}.`;
  throw new InferenceError('InvalidPayload', message);
}

function namesOf(columns: readonly Column[]): string {
  const names = columns.slice(0, 20).map(({ name }) => name);
  return `${names.join(',')}${columns.length > names.length ? ',…' : ''}`;
}

interface TableContext {
  readonly signature: Signature;
  /** The number of the first record's row in the body, for messages. */
  readonly firstRow: number;
}

function fillTensors(
  records: readonly (readonly string[])[],
  columns: readonly Column[],
  { signature, firstRow }: TableContext,
): Record<string, Tensor> {
  const tensors = emptyTensors(records.length, columns, signature);
  records.forEach((cells, row) => {
    if (cells.length !== columns.length) {
      const message = `Row ${row + firstRow}: expected ${columns.length} cells, got ${cells.length}.`;
      throw new InferenceError('InvalidPayload', message);
    }
    for (let i = 0; i < columns.length; i++) {
      const { spec, index, name } = columns[i]!;
      const { data } = tensors[spec.name]!;
      const elements = data.length / records.length;
      data[row * elements + index] = element(
        spec.dtype,
        cells[i]!,
        `Row ${row + firstRow}, column "${name}"`,
      ) as never;
    }
  });
  return tensors;
}

function emptyTensors(
  rows: number,
  columns: readonly Column[],
  signature: Signature,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const { name, dtype, shape } of signature.inputs) {
    const elements = columns.filter((column) => column.spec.name === name).length;
    const inner = shape.slice(1).map((dimension) => (typeof dimension === 'string' ? elements : dimension));
    tensors[name] = { dtype, shape: [rows, ...inner], data: allocate(dtype, rows * elements) };
  }
  return tensors;
}

function element(dtype: Dtype, cell: string, place: string): unknown {
  try {
    return elementFromCell(dtype, cell);
  } catch (thrown) {
    if (!(thrown instanceof ElementMisfit)) throw thrown;
    throw new InferenceError('InvalidPayload', `${place}: ${thrown.message}.`);
  }
}

/** One row per record, all outputs side by side; with names first for `text/csv; header=present`. */
export function encodeCsv(parts: readonly Part[], rows: number, { accept }: EncodeContext): EncodedBody {
  const lines = new Array<string>(rows);
  for (const part of parts) {
    for (let row = 0; row < part.rows; row++) lines[part.positions?.[row] ?? row] = csvRow(part, row);
  }
  if (accept.parameters.header === 'present' && parts[0] !== undefined) lines.unshift(csvHeader(parts[0]));
  return { body: `${lines.join('\n')}\n`, contentType: 'text/csv' };
}

function csvRow({ tensors, rows }: Part, row: number): string {
  const cells: string[] = [];
  for (const { dtype, data } of Object.values(tensors)) {
    const elements = data.length / rows;
    for (let i = 0; i < elements; i++) cells.push(quote(elementToCell(dtype, data[row * elements + i])));
  }
  return cells.join(',');
}

function csvHeader({ tensors, rows }: Part): string {
  const names = Object.entries(tensors).flatMap(([name, { data }]) => {
    const elements = data.length / rows;
    return Array.from({ length: elements }, (_, index) => quote(elements === 1 ? name : `${name}.${index}`));
  });
  return names.join(',');
}

/** An empty text is quoted too: a row of nothing else would be a blank line. */
function quote(cell: string): string {
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
