// Every series as Prometheus text: a summary's count and sum for what is measured, a gauge for what is a level.
// https://prometheus.io/docs/instrumenting/exposition_formats/
import type { SeriesIdentity } from './api.ts';
import type { StoredSeries } from './series.ts';

export function prometheusText(all: Iterable<StoredSeries>): string {
  const families = new Map<string, { type: string; lines: string[] }>();
  for (const series of all) {
    const family = familyOf(series.identity);
    const labels = labelsOf(series.identity);
    const known = families.get(family) ?? { type: isLevel(series.identity) ? 'gauge' : 'summary', lines: [] };
    families.set(family, known);
    if (known.type === 'gauge') known.lines.push(`${family}${labels} ${series.last}`);
    else
      known.lines.push(
        `${family}_sum${labels} ${series.totalSum}`,
        `${family}_count${labels} ${series.totalCount}`,
      );
  }
  return [...families]
    .map(([family, { type, lines }]) => `# TYPE ${family} ${type}\n${lines.join('\n')}\n`)
    .join('');
}

/** Levels, of which the last value matters and not their sum. */
function isLevel({ name }: SeriesIdentity): boolean {
  return /Utilization$|^LoadedModelCount$|^ApproximateBacklog|^ApproximateAge|^HasBacklog/.test(name);
}

/** `AWS/SageMaker`, `ModelLatency`, Microseconds → `aws_sagemaker_model_latency_microseconds` */
function familyOf({ namespace, name, unit }: SeriesIdentity): string {
  const words = `${namespace.replace(/[^A-Za-z0-9]+/g, '_')}_${snake(name)}`;
  const suffix = ['None', 'Count'].includes(unit) ? '' : `_${unit}`;
  return `${words}${suffix}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
}

/** Words apart, runs of capitals as one word: `CPUUtilization` → `CPU_Utilization`, `4XXErrors` → `4XX_Errors`. */
function snake(name: string): string {
  return name.replace(/([a-z])([A-Z0-9])/g, '$1_$2').replace(/([A-Z])([A-Z][a-z])/g, '$1_$2');
}

function labelsOf({ dimensions }: SeriesIdentity): string {
  const labels = Object.entries(dimensions).map(
    ([name, value]) =>
      `${snake(name)
        .toLowerCase()
        .replace(/[^a-z0-9_]/g, '_')}="${escapeLabel(value)}"`,
  );
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
