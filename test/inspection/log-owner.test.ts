// Which log lines an execution is shown: its own, and not those of another that ran meanwhile.
import { describe, expect, it } from 'vitest';
import { ownerOf, ownLines } from '../../layers/seriatim/inspection/log-owner.ts';
import type { AttemptView } from '../../layers/seriatim/inspection/view.ts';

const MINE = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const GROUP = '/aws/lambda/preprocess';

function attempt(more: Partial<AttemptView>): AttemptView {
  const times = { start: new Date(1000).toISOString(), end: new Date(2000).toISOString() };
  return { via: 'lambda', target: 'preprocess', status: 'SUCCEEDED', ...times, ...more } as AttemptView;
}

const SUCCEEDED = {
  id: 1,
  previousId: 0,
  type: 'TaskSucceeded',
  timeMs: 1500,
  details: { output: JSON.stringify({ SdkResponseMetadata: { RequestId: MINE } }) },
};

function lines(...messages: string[]) {
  return messages.map((message, at) => ({ message, timeMs: 1000 + at, stream: 's' }));
}

function shown(found: ReturnType<typeof lines>): string[] {
  return found.map(({ message }) => message);
}

describe('log lines of an execution', () => {
  it('are those of its own invocations, with what stands between their first and last', () => {
    const own = [
      `START RequestId: ${MINE} Version: $LATEST`,
      '{"level":"warn"}',
      `REPORT RequestId: ${MINE}\tx`,
    ];
    const other = [
      `START RequestId: ${OTHER} Version: $LATEST`,
      '{"level":"error"}',
      `REPORT RequestId: ${OTHER}`,
    ];
    const owner = ownerOf([SUCCEEDED], [attempt({})]);

    const found = ownLines(lines('{"level":"before"}', ...other, ...own, ...other), GROUP, owner);

    expect(shown(found)).toEqual(own);
  });

  it('go by their time where a call failed, of which no request id is recorded', () => {
    const error = { code: 'StageFailed', message: 'x' };
    const owner = ownerOf([], [attempt({ error })]);
    const all = lines(`START RequestId: ${OTHER}`, 'TypeError');

    expect(ownLines(all, GROUP, owner)).toEqual(all);
    expect(
      ownLines(
        all.map((line) => ({ ...line, timeMs: 9000 })),
        GROUP,
        owner,
      ),
    ).toEqual([]);
  });

  it('are none about models that the execution did not call', () => {
    const inference = { endpoint: 'e', targetModel: 'Houston_TX.tar.gz', marks: [] };
    const owner = ownerOf([], [attempt({ inference })]);
    const all = lines(
      'model-load target=Houston_TX.tar.gz cold',
      'model-load target=Zanzibar_QQ.tar.gz cold',
      'ready',
    );

    const found = ownLines(all, '/aws/sagemaker/Endpoints/e', owner);

    expect(shown(found)).toEqual(['model-load target=Houston_TX.tar.gz cold', 'ready']);
  });
});
