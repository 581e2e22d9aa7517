// A batch's records grouped by a field of theirs, as they go by: photos by theme. Pure.
import { isFailed, type RecordEnvelope } from '../../layers/seriatim/index.ts';

/** The keys of the records' objects, or their positions, by the field's value. */
export type Groups = Readonly<Record<string, readonly (string | number)[]>>;

/** The group of records that left before they got a value. */
const REJECTED = 'rejected';

export function createGroups(field: string) {
  const groups: Record<string, (string | number)[]> = {};
  const note = (record: RecordEnvelope): void => {
    if (isFailed(record)) return;
    const value = record.value as Readonly<Record<string, unknown>>;
    const group = typeof value[field] === 'string' ? value[field] : REJECTED;
    groups[group] ??= [];
    groups[group].push(typeof value.key === 'string' ? value.key : record.position);
  };
  return {
    /** The same records, noted. */
    async *watch(records: AsyncIterable<RecordEnvelope>): AsyncGenerator<RecordEnvelope> {
      for await (const record of records) {
        note(record);
        yield record;
      }
    },
    /** In the alphabet's order. */
    found: (): Groups =>
      Object.fromEntries(Object.entries(groups).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))),
  };
}
