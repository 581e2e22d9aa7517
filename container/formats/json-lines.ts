// JSON Lines: one record per line in, one record per line out, in order. Blank lines are passed over.
import { InferenceError } from '../errors.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, Part } from './codec.ts';
import { parseJson, readText } from './json.ts';
import { stackRecords, unstackRecords } from './rows.ts';

/** @throws InferenceError InvalidPayload, naming the line */
export function decodeJsonLines(body: Buffer, { signature }: DecodeContext): DecodedBody {
  const records: unknown[] = [];
  readText(body)
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() !== '') records.push(parseLine(line, index + 1, signature));
    });
  return { parts: stackRecords(records, signature, { ignoresUnknown: false }), rows: records.length };
}

function parseLine(line: string, number: number, signature: DecodeContext['signature']): unknown {
  try {
    return parseJson(line, signature);
  } catch (thrown) {
    throw new InferenceError('InvalidPayload', `Line ${number}: ${(thrown as Error).message}`);
  }
}

export function encodeJsonLines(parts: readonly Part[], rows: number, context: EncodeContext): EncodedBody {
  const lines = unstackRecords(parts, rows, { signature: context.signature, isText: true }).map(
    (record) => `${JSON.stringify(record)}\n`,
  );
  return { body: lines.join(''), contentType: 'application/jsonlines' };
}
