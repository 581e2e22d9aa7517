// What each child execution of a Map Run works on: one item, or a batch of them.
import type { MapState } from '../definition/types.ts';
import { type Json, textOf } from '../json/text.ts';
import type { Frame, MapItem } from '../run/frame.ts';
import { itemContext } from '../run/map.ts';

export interface Unit {
  readonly index: number;
  readonly input: Json;
  readonly itemCount: number;
}

export interface Batching {
  readonly maxItems: number | undefined;
  readonly maxBytes: number | undefined;
  readonly batchInput: Json | undefined;
}

export interface UnitSource {
  readonly state: MapState;
  readonly input: Json;
  readonly items: Iterable<MapItem> | AsyncIterable<MapItem>;
  readonly batching: Batching | undefined;
}

/** Room for the member names and brackets around a batch's items. */
const ENVELOPE_BYTES = 32;

/** Items through ItemSelector, in batches where the definition says so. */
export async function* unitsOf(frame: Frame, source: UnitSource): AsyncGenerator<Unit> {
  const { batching } = source;
  let index = 0;
  let batch: Json[] = [];
  let bytes = ENVELOPE_BYTES;
  const close = (): Unit => {
    const input =
      batching?.batchInput === undefined
        ? { Items: batch }
        : { BatchInput: batching.batchInput, Items: batch };
    const unit = { index: index++, input, itemCount: batch.length };
    batch = [];
    bytes = ENVELOPE_BYTES + (batching?.batchInput === undefined ? 0 : textOf(batching.batchInput).length);
    return unit;
  };
  for await (const item of source.items) {
    const value = await selected(frame, source, item);
    if (batching === undefined) {
      yield { index: index++, input: value, itemCount: 1 };
      continue;
    }
    const size = batching.maxBytes === undefined ? 0 : Buffer.byteLength(textOf(value)) + 1;
    if (batch.length > 0 && batching.maxBytes !== undefined && bytes + size > batching.maxBytes)
      yield close();
    batch.push(value);
    bytes += size;
    if (batching.maxItems !== undefined && batch.length >= batching.maxItems) yield close();
  }
  if (batch.length > 0) yield close();
}

function selected(frame: Frame, { state, input }: UnitSource, item: MapItem): Json | Promise<Json> {
  if (state.itemSelector === undefined) return item.value;
  const scope = frame.scope(input);
  const context = (): Json => ({ ...(scope.context() as object), ...(itemContext(item) as object) });
  return state.itemSelector({ ...scope, context });
}
