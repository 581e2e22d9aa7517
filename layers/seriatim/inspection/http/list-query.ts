// The query string of `GET /executions`, checked.
import * as v from 'valibot';
import { type ExecutionsQuery, MAX_LIMIT } from '../inspection.ts';
import type { ExecutionStatus } from '../view.ts';

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
    until: v.optional(v.string()),
    error: v.optional(v.pipe(v.string(), v.nonEmpty('error must not be empty'))),
    stage: v.optional(v.pipe(v.string(), v.nonEmpty('stage must not be empty'))),
    token: v.optional(v.pipe(v.string(), v.nonEmpty('token must not be empty'))),
  },
  (issue) =>
    `${String(issue.received).replaceAll('"', '')}: unknown; known are pipeline, status, error, stage, limit, since, until and token`,
);

/** @throws RangeError that names the parameter and what was expected */
export function readQuery(
  parameters: Readonly<Record<string, string | undefined>>,
  nowMs: number,
): ExecutionsQuery {
  const parsed = v.safeParse(schema, parameters);
  if (!parsed.success) throw new RangeError(parsed.issues[0].message);
  const { since, until, ...query } = parsed.output;
  return {
    ...query,
    ...(since === undefined ? {} : { sinceMs: readTime('since', since, nowMs) }),
    ...(until === undefined ? {} : { untilMs: readTime('until', until, nowMs) }),
  } as ExecutionsQuery;
}

/**
 * A time in ISO 8601, or a length before now such as `15m`, `2h` or `7d`.
 * @throws RangeError naming the parameter
 */
export function readTime(name: string, text: string, nowMs: number): number {
  const length = /^(\d{1,6})([smhd])$/.exec(text);
  if (length !== null) return nowMs - Number(length[1]) * UNITS_MS[length[2]!]!;
  const timeMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new RangeError(`${name} must be a time such as 2026-11-22T17:00:00Z or a length such as 15m, 2h, 7d`);
}

/** @throws RangeError that names the known ones */
export function readStatus(text: string | undefined): ExecutionStatus | undefined {
  if (text === undefined) return;
  const status = STATUSES.find((each) => each === text.toUpperCase());
  if (status !== undefined) return status;
  throw new RangeError(`status must be one of ${STATUSES.join(', ')}`);
}
