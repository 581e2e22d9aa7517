// The check of a file's records before a pipeline that starts with an inference.
import { describe, expect, it } from 'vitest';
import { handler } from '../../functions/check-records/index.ts';
import { isFailed } from '../../layers/seriatim/index.ts';

const row = {
  age: '59',
  sex: 'M',
  bmi: '32.1',
  bp: '',
  s1: '157',
  s2: '93',
  s3: '38',
  s4: '4',
  s5: '4.9',
  s6: '87',
};
const check = (values: readonly unknown[]) =>
  handler({
    stage: 'CheckRecords',
    pipeline: 'diabetes-progression',
    onRecordError: 'keep',
    records: values.map((value, position) => ({ position, value })),
    next: {},
  });

describe('CheckRecords', () => {
  it('reads the numbers and the empty cells of a CSV row, and sends whole records', async () => {
    const { groups } = await check([row]);

    expect(groups).toEqual([
      {
        positions: [0],
        instances: [
          { age: 59, sex: 'M', bmi: 32.1, bp: null, s1: 157, s2: 93, s3: 38, s4: 4, s5: 4.9, s6: 87 },
        ],
      },
    ]);
  });

  it('makes an error record of a bad row and keeps it from the call', async () => {
    const { sex: _sex, ...ragged } = row;
    const { records, groups } = await check([row, { ...row, age: 'old' }, ragged, row]);

    expect(records.map(isFailed)).toEqual([false, true, true, false]);
    expect(records[1]).toMatchObject({
      error: { code: 'InvalidPayload', message: expect.stringMatching(/^records\[1\]\.age: /) },
    });
    expect(groups![0]!.positions).toEqual([0, 3]);
  });
});
