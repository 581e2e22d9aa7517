// A payload for the terminal: each part by its kind, within 100 columns. Pictures are named by what they are; their
// bytes are for `-o`.
import type {
  PayloadPart,
  RenderedPayload,
  TablePart,
  TensorFacts,
} from '../../layers/seriatim/inspection/api.ts';
import { formatBytes, shorten, table, WIDTH } from './text.ts';

const MAX_COLUMNS = 8;
const CELL = 18;

export function payloadText({ stage, side, bytes, parts, redacted }: RenderedPayload): string {
  const head = `${stage ?? 'execution'} ${side === 'in' ? 'input' : 'output'}   ${formatBytes(bytes)}`;
  const hidden = redacted.length === 0 ? [] : [`hidden by redaction rules: ${redacted.join(', ')}`];
  const lines = [head, ...hidden, ...parts.flatMap((part) => ['', ...partLines(part)])];
  return lines
    .flatMap((line) => line.split('\n'))
    .map(fit)
    .join('\n');
}

function fit(line: string): string {
  const characters = [...line.trimEnd()];
  return characters.length <= WIDTH ? characters.join('') : `${characters.slice(0, WIDTH - 1).join('')}…`;
}

function partLines(part: PayloadPart): string[] {
  const at = part.path === '$' ? '' : `${part.path}   `;
  const label = part.label === undefined ? '' : `   “${part.label}”`;
  const head = `${at}${part.contentType}, ${formatBytes(part.bytes)}${label}`;
  switch (part.kind) {
    case 'json':
      return [...(part.path === '$' ? [] : [head]), jsonText(part.value, 0)];
    case 'table':
      return [head, ...tableLines(part)];
    case 'tensor':
      return [head, ...tensorLines(part.tensor)];
    case 'image':
      return [
        head,
        `  ${part.format}${sizeText(part)}${part.claim ? '' : ' (inline)'}`,
        ...claimLine(part.claim),
      ];
    case 'claim':
      return [head, ...claimLine(part.claim), `  fetch it with --claim '${part.path}'`];
    case 'text':
      return [head, part.isCut ? `${part.text}…` : part.text];
    case 'binary':
      return [head, `  ${part.head}${part.bytes > part.head.length / 2 ? ' …' : ''}`];
  }
}

/** A picture's size is in its bytes, which a claim alone has not. */
function sizeText({ width, height }: { readonly width?: number; readonly height?: number }): string {
  return width === undefined || height === undefined ? '' : ` ${width} × ${height}`;
}

function claimLine(claim: { bucket: string; key: string; sha256: string } | undefined): string[] {
  return claim === undefined
    ? []
    : [`  s3://${claim.bucket}/${claim.key.slice(0, 60)}`, `  sha256 ${claim.sha256}`];
}

function tableLines({ columns, rows, totalRows }: TablePart): string[] {
  const shown = columns.slice(0, MAX_COLUMNS);
  const cells = rows.map((row) => shown.map((_column, at) => shorten(row[at] ?? '', CELL)));
  const text = table(
    shown.map((column) => shorten(column, CELL)),
    cells,
  );
  const more = [
    ...(totalRows > rows.length ? [`${totalRows - rows.length} more rows`] : []),
    ...(columns.length > shown.length ? [`${columns.length - shown.length} more columns`] : []),
  ];
  return [
    ...text.split('\n').map((line) => `  ${line}`),
    ...(more.length === 0 ? [] : [`  … ${more.join(', ')}`]),
  ];
}

export function tensorLines(tensor: TensorFacts): string[] {
  const name = tensor.name === undefined ? '' : `${tensor.name}: `;
  const shape = `${name}${tensor.datatype} [${tensor.shape.join(', ')}]`;
  const numbers =
    tensor.min === null
      ? ''
      : `   min ${round(tensor.min)}  mean ${round(tensor.mean!)}  max ${round(tensor.max!)}`;
  const odd = tensor.notFinite === 0 ? '' : `   ${tensor.notFinite} not finite`;
  const first = tensor.first.map((value) =>
    typeof value === 'number' ? round(value) : JSON.stringify(value),
  );
  return [
    `  ${shape}${numbers}${odd}`,
    `  ${first.join(', ')}${tensor.elements > first.length ? ', …' : ''}`,
  ];
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** JSON over lines, short values on one; what was folded is told in words. */
function jsonText(value: unknown, depth: number): string {
  const fold = foldText(value, depth);
  if (fold !== undefined) return fold;
  const short = JSON.stringify(value) ?? 'undefined';
  if (short.length + depth * 2 <= WIDTH - 20 && !short.includes('"$')) return short;
  const indent = '  '.repeat(depth + 1);
  if (Array.isArray(value)) {
    const items = value.map((each) => `${indent}${jsonText(each, depth + 1)}`);
    return `[\n${items.join(',\n')}\n${'  '.repeat(depth)}]`;
  }
  if (typeof value !== 'object' || value === null) return short;
  const members = Object.entries(value).map(
    ([name, each]) => `${indent}${JSON.stringify(name)}: ${jsonText(each, depth + 1)}`,
  );
  return `{\n${members.join(',\n')}\n${'  '.repeat(depth)}}`;
}

interface Folded {
  readonly $folded?: string;
  readonly $carried?: string;
  readonly $count?: number;
  readonly $bytes?: number;
  readonly $head?: string;
  readonly $tensor?: TensorFacts;
}

function foldText(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return;
  const { $folded, $carried, $count, $bytes, $head, $tensor } = value as Folded;
  if ($carried !== undefined) return `⟨below: ${$carried}⟩`;
  if ($tensor !== undefined) {
    const [facts, first] = tensorLines($tensor).map((line) => line.trim());
    return `⟨${facts}\n${'  '.repeat(depth + 1)}first ${first}⟩`;
  }
  if ($folded === undefined) return;
  if ($head !== undefined) return `⟨text, ${formatBytes($bytes)}: ${shorten($head, 40)}⟩`;
  return $count === undefined ? `⟨${$folded}⟩` : `⟨${$count} more⟩`;
}
