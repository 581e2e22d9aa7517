// The records of a chunk in order, out of its slices: each slice in order, the slices in that of their first records. A
// stage that loses a record is found out: its position gets an error record, and none comes twice. Pure.
import type { ChunkTask, RecordEnvelope } from '../../layers/seriatim/index.ts';

interface OpenSlice {
  readonly first: RecordEnvelope;
  readonly rest: Iterator<RecordEnvelope>;
}

export function* everyRecord(
  slices: readonly Iterator<RecordEnvelope>[],
  { chunk }: Pick<ChunkTask, 'chunk'>,
): Generator<RecordEnvelope, void> {
  let position = chunk.first;
  const end = chunk.first + chunk.count;
  for (const record of inOrder(slices)) {
    for (; position < Math.min(record.position, end); position++) yield lost(position);
    if (record.position !== position || position >= end) continue;
    yield record;
    position++;
  }
  for (; position < end; position++) yield lost(position);
}

function* inOrder(slices: readonly Iterator<RecordEnvelope>[]): Generator<RecordEnvelope, void> {
  const open: OpenSlice[] = [];
  for (const rest of slices) {
    const { value, done } = rest.next();
    if (done !== true) open.push({ first: value, rest });
  }
  open.sort((a, b) => a.first.position - b.first.position);
  for (const { first, rest } of open) {
    yield first;
    for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
  }
}

function lost(position: number): RecordEnvelope {
  const message = 'No stage answered for this record.';
  return { position, error: { stage: 'Batch', code: 'ExecutionFailed', message } };
}
