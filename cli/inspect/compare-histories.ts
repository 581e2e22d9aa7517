// Two exported histories compared offline. Claims that differ are fetched with the caller's own credentials.
import type { Comparison } from '../../layers/seriatim/inspection/api.ts';
import { compareExecutions } from '../../layers/seriatim/inspection/compare/executions.ts';
import { readHistoryFile } from '../../layers/seriatim/inspection/exported.ts';
import { objectReaders } from '../../layers/seriatim/inspection/http/objects.ts';
import { redactorFor, redactStrings } from '../../layers/seriatim/inspection/payloads/readings.ts';
import { readRedactor } from '../../layers/seriatim/inspection/payloads/redact.ts';
import { rulesFor, viewOf } from '../../layers/seriatim/inspection/record.ts';
import { decodeImage } from './decode-image.ts';

/** `undefined` when either is no history. */
export async function compareHistories(a: string, b: string): Promise<Comparison | undefined> {
  const [left, right] = [readHistoryFile(a), readHistoryFile(b)];
  if (left === undefined || right === undefined) return;
  const redactor = [left, right].reduce(rulesFor, readRedactor(process.env.SERIATIM_REDACT));
  const [one, other] = [viewOf(left), viewOf(right)];
  const compared = await compareExecutions(one, other, { redactor, ...objectReaders(), decodeImage });
  const hiding = redactorFor(one, redactorFor(other, redactor));
  return redactStrings(compared, hiding, (side) => redactStrings(side, hiding));
}
