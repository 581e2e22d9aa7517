// Version 7 UUIDs (RFC 9562): 48 bits of milliseconds, then chance. Executions are named by them, so that a name says
// when its execution began and an old one is found without looking through the log.
import { randomFillSync } from 'node:crypto';

/** Chance is drawn for many at once: a draw costs more than a name. */
const POOL = Buffer.allocUnsafe(1600);
const DRAWN = 10;
let used = POOL.length;

export function uuid7(nowMs: number): string {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const bytes = POOL.subarray(used, used + DRAWN);
  used += DRAWN;
  bytes[0] = (bytes[0]! & 0x0f) | 0x70;
  bytes[2] = (bytes[2]! & 0x3f) | 0x80;
  const time = nowMs.toString(16).padStart(12, '0');
  const chance = bytes.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${chance.slice(0, 4)}-${chance.slice(4, 8)}-${chance.slice(8)}`;
}

/** When it was made, in milliseconds since the epoch; `undefined` for what is no version 7 UUID. */
export function uuid7TimeMs(id: string): number | undefined {
  const isVersion7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.test(id);
  return isVersion7 ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}
