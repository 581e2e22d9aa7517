// The request that `start` ends with.
import { describe, expect, it } from 'vitest';
import { requestOf } from '../../cli/run/report.ts';

describe('the request to paste', () => {
  it('is there for a pipeline without an example', () => {
    expect(requestOf({ name: 'own' }, 'http://h')).toBe(
      "curl -s http://h/pipelines/own/invocations -H 'content-type: application/json' -d '{}'",
    );
  });
});
