// What a call met at a multi-model container: the model was warm, or it was cold and this is what it took.

export interface LoadReport {
  /** The model's files had to be fetched from S3; otherwise they were on the volume. */
  readonly isFetched: boolean;
  /** From the first caller's arrival to the container's answer, queueing for a slot included. */
  readonly totalMs: number;
  readonly downloadMs: number;
  readonly unpackMs: number;
  /** The container's POST /models, with what had to be unloaded for it. */
  readonly loadMs: number;
  readonly unpackedBytes: number;
  /** Target models that were unloaded to make room. */
  readonly evicted: readonly string[];
}

/** As the header `x-seriatim-model-load` and the log have it; `undefined` is a warm call. */
export function describeLoad(report: LoadReport | undefined): string {
  if (report === undefined) return 'warm';
  const ms = (value: number): string => value.toFixed(2);
  const evicted = report.evicted.map(encodeURIComponent).join(',');
  return [
    'cold',
    `total-ms=${ms(report.totalMs)}`,
    `download-ms=${ms(report.downloadMs)}`,
    `unpack-ms=${ms(report.unpackMs)}`,
    `load-ms=${ms(report.loadMs)}`,
    ...(evicted === '' ? [] : [`evicted=${evicted}`]),
  ].join(';');
}
