// Records as a payload: those of a slice follow each other, so their positions need not be said one by one. Values in
// order, null where a record failed, and the failed ones beside them.
import { ContractViolation } from '../errors.ts';
import { type FailedRecord, isFailed, type RecordEnvelope } from '../records.ts';

interface RecordList {
  readonly first: number;
  readonly values: readonly unknown[];
  readonly failed: readonly FailedRecord[];
}

/** @throws ContractViolation when a stage has lost a record or changed their order */
export function encodeRecords(records: readonly RecordEnvelope[]): Buffer {
  const first = records[0]?.position ?? 0;
  const failed: FailedRecord[] = [];
  const values = records.map((record, i) => {
    if (record.position !== first + i)
      throw new ContractViolation(`Position ${record.position} stands where ${first + i} is expected.`);
    if (!isFailed(record)) return record.value;
    failed.push(record);
    return null;
  });
  return Buffer.from(JSON.stringify({ first, values, failed } satisfies RecordList));
}

export function decodeRecords(body: Uint8Array): RecordEnvelope[] {
  const { first, values, failed } = JSON.parse(
    Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'),
  ) as RecordList;
  const records: RecordEnvelope[] = values.map((value, i) => ({ position: first + i, value }));
  for (const record of failed) records[record.position - first] = record;
  return records;
}
