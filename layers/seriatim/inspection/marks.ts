// What an inference met, read from what Step Functions recorded of an InvokeEndpoint:
// the response's `CustomAttributes`, in which a container reports `model=…;sha256=…;load=cold|warm;load-ms=…;queue-ms=…;
// batch-wait-ms=…;input-ms=…;compute-ms=…;output-ms=…;batch=…`, one group per container, divided by commas.
import type { ContainerMark } from './view.ts';

type NumberMark = 'loadMs' | 'queueMs' | 'batchWaitMs' | 'decodeMs' | 'computeMs' | 'encodeMs' | 'batch';

const NUMBERS = new Map<string, NumberMark>([
  ['load-ms', 'loadMs'],
  ['queue-ms', 'queueMs'],
  ['batch-wait-ms', 'batchWaitMs'],
  ['input-ms', 'decodeMs'],
  ['compute-ms', 'computeMs'],
  ['output-ms', 'encodeMs'],
  ['batch', 'batch'],
]);
const TEXTS = new Map<string, 'model' | 'checksum' | 'container'>([
  ['model', 'model'],
  ['sha256', 'checksum'],
  ['container', 'container'],
]);

/** Attributes that some other container set come back under `other`; text without `=` is left out. */
export function readMarks(customAttributes: unknown): ContainerMark[] {
  if (typeof customAttributes !== 'string') return [];
  return customAttributes
    .split(',')
    .map(readMark)
    .filter((mark) => Object.keys(mark).length > 0);
}

function readMark(group: string): ContainerMark {
  const mark: Record<string, unknown> = {};
  const other: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of group.split(';')) {
    const at = pair.indexOf('=');
    if (at < 1) continue;
    const key = pair.slice(0, at).trim();
    const text = pair.slice(at + 1).trim();
    const member = NUMBERS.get(key);
    if (member !== undefined && text !== '' && Number.isFinite(Number(text))) mark[member] = Number(text);
    else if (TEXTS.has(key)) mark[TEXTS.get(key)!] = text;
    else if ((key === 'evicted' || key === 'pinned') && text === '1') mark[key] = true;
    else if (key === 'load' && (text === 'cold' || text === 'warm')) mark.load = text;
    else other[key] = text;
  }
  return Object.keys(other).length === 0 ? mark : { ...mark, other: { ...other } };
}
