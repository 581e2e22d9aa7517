// The fields that one record of a pipeline's batch has, as its schema says.
import type { GenericSchema } from 'valibot';
import type { PipelineEntry } from '../pipelines.ts';

export interface InputFields {
  readonly all: readonly string[];
  /** Those that a record cannot do without. */
  readonly required: readonly string[];
}

/** Undefined when the schema is no plain object. */
export function inputFieldsOf({ input, binary }: PipelineEntry): InputFields | undefined {
  const entries = entriesOf(binary?.object ?? input);
  if (entries === undefined) return undefined;
  const all = Object.keys(entries);
  return { all, required: all.filter((name) => !MAY_BE_ABSENT.has(entries[name]!.type)) };
}

const MAY_BE_ABSENT = new Set(['optional', 'exact_optional', 'nullish', 'undefinedable']);

/** Those of an object, or of a pipe that starts with one. */
function entriesOf(schema: GenericSchema): Readonly<Record<string, GenericSchema>> | undefined {
  const { entries } = schema as { entries?: unknown };
  return typeof entries === 'object' && entries !== null
    ? (entries as Readonly<Record<string, GenericSchema>>)
    : undefined;
}
