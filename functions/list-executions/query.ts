// The query string of `GET /executions`, checked.
import * as v from 'valibot';
import { type ExecutionsQuery, MAX_LIMIT } from '../../layers/seriatim/inspection/inspection.ts';

const STATUSES = [
  'RUNNING',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'ABORTED',
  'PENDING_REDRIVE',
  'UNKNOWN',
] as const;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const schema = v.strictObject(
  {
    pipeline: v.optional(v.pipe(v.string(), v.nonEmpty('pipeline must not be empty'))),
    status: v.optional(
      v.pipe(
        v.string(),
        v.toUpperCase(),
        v.picklist(STATUSES, `status must be one of ${STATUSES.join(', ')}`),
      ),
    ),
    limit: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d{1,4}$/, `limit must be a whole number from 1 to ${MAX_LIMIT}`),
        v.transform(Number),
        v.minValue(1, `limit must be a whole number from 1 to ${MAX_LIMIT}`),
        v.maxValue(MAX_LIMIT, `limit must be a whole number from 1 to ${MAX_LIMIT}`),
      ),
    ),
    since: v.optional(v.string()),
    token: v.optional(v.pipe(v.string(), v.nonEmpty('token must not be empty'))),
  },
  (issue) =>
    `${String(issue.received).replaceAll('"', '')}: unknown; known are pipeline, status, limit, since and token`,
);

/** @throws RangeError that names the parameter and what was expected */
export function readQuery(
  parameters: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): ExecutionsQuery {
  const parsed = v.safeParse(schema, parameters);
  if (!parsed.success) throw new RangeError(parsed.issues[0].message);
  const { since, ...query } = parsed.output;
  return {
    ...query,
    ...(since === undefined ? {} : { sinceMs: readSince(since, nowMs) }),
  } as ExecutionsQuery;
}

/** A time in ISO 8601, or a length before now such as `15m`, `2h` or `7d`. */
function readSince(since: string, nowMs: number): number {
  const length = /^(\d{1,6})([smhd])$/.exec(since);
  if (length !== null) return nowMs - Number(length[1]) * UNITS_MS[length[2]!]!;
  const timeMs = /^\d{4}-\d{2}-\d{2}/.test(since) ? Date.parse(since) : Number.NaN;
  if (Number.isNaN(timeMs))
    throw new RangeError('since must be a time such as 2026-11-22T17:00:00Z or a length such as 15m, 2h, 7d');
  return timeMs;
}
