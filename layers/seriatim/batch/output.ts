// What a run's output is: its format, the columns of a CSV file, its content type.
import type { PipelineEntry } from '../pipelines.ts';
import type { BatchOptions } from './options.ts';
import type { BatchRun, Reading } from './run.ts';

export type OutputFormat = 'csv' | 'jsonl' | 'parquet';

export function outputFormat({ format, options }: Pick<BatchRun, 'format' | 'options'>): OutputFormat {
  return options.output ?? (format === 'csv' || format === 'parquet' ? format : 'jsonl');
}

/** Without `error`, which comes last in a CSV file. */
export function outputColumns(
  { columns, join }: BatchOptions,
  { outputFields }: PipelineEntry,
  reading: Pick<Reading, 'columns'>,
): readonly string[] {
  if (columns !== undefined) return columns;
  if (join !== true) return outputFields;
  return [...new Set([...(reading.columns ?? []), ...outputFields])];
}

export function contentTypeOfOutput(format: OutputFormat): string {
  if (format === 'csv') return 'text/csv';
  return format === 'parquet' ? 'application/vnd.apache.parquet' : 'application/x-ndjson';
}
