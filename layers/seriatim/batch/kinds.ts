// What a Parquet column must hold, as its values come by: the narrowest kind that all of them fit. Pure.

/** `whole` is a number of 32 bits. What is neither number, boolean nor text is text as JSON. */
export type ColumnKind = 'whole' | 'number' | 'boolean' | 'text';

const WHOLE_LIMIT = 2 ** 31;

export function kindOf(value: unknown): ColumnKind | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'number') return 'text';
  return Number.isInteger(value) && value >= -WHOLE_LIMIT && value < WHOLE_LIMIT ? 'whole' : 'number';
}

export function widerKind(a: ColumnKind | undefined, b: ColumnKind | undefined): ColumnKind | undefined {
  if (a === undefined || b === undefined || a === b) return a ?? b;
  return [a, b].every((kind) => kind === 'whole' || kind === 'number') ? 'number' : 'text';
}

/** Adds the kinds of one record's, or one part's, columns to those found so far. */
export function mergeKinds(
  found: Record<string, ColumnKind>,
  more: Readonly<Record<string, ColumnKind>>,
): void {
  for (const [name, kind] of Object.entries(more)) found[name] = widerKind(found[name], kind)!;
}
