// Which fields the object schemas of a pipeline's records have: those that a record must bring, and those that it has
// once the schema has read it.
import type { GenericSchema } from 'valibot';
import type { Pipeline } from '../pipeline.ts';

/** https://valibot.dev/api/optional/ and its kin. */
const MAY_BE_ABSENT: ReadonlySet<string> = new Set([
  'optional',
  'exact_optional',
  'nullish',
  'undefinedable',
]);

interface Entry {
  readonly type: string;
  readonly default?: unknown;
}

/** The fields that a record cannot do without, undefined for what is no object's schema. */
export function requiredFields(schema: GenericSchema): readonly string[] | undefined {
  return namesOf(schema, (entry) => !MAY_BE_ABSENT.has(entry.type));
}

/**
 * The fields that every record has in the first stage. A default counts where the schema reads the records for the
 * pipeline, which it does not where a function comes first: that one reads them itself.
 */
export function presentFields({ input, stages }: Pipeline): readonly string[] {
  const isRead = stages[0]?.kind !== 'function';
  return namesOf(input, (entry) => !MAY_BE_ABSENT.has(entry.type) || (isRead && hasDefault(entry))) ?? [];
}

/** Those that a record may lack in the first stage. */
export function absentFields(pipeline: Pipeline): readonly string[] {
  const present = presentFields(pipeline);
  return (namesOf(pipeline.input, () => true) ?? []).filter((name) => !present.includes(name));
}

function hasDefault({ default: value }: Entry): boolean {
  return value !== undefined;
}

function namesOf(schema: GenericSchema, isTaken: (entry: Entry) => boolean): string[] | undefined {
  const { entries } = schema as { readonly entries?: Readonly<Record<string, Entry>> };
  if (entries === undefined) return undefined;
  return Object.keys(entries).filter((name) => isTaken(entries[name]!));
}
