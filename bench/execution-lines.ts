// What a state machine's log group holds of one Express execution, for benches that look among a hundred thousand.

const INPUT = '{"records":[{"position":0,"value":{"city":"Houston_TX","squareFeet":2900}}]}';

export interface LogLine {
  readonly timestamp: number;
  readonly message: string;
}

/** Seven lines, a millisecond apart. */
export function linesOf(arn: string, startMs: number, isFailed: boolean): LogLine[] {
  const events: [string, object][] = [
    ['ExecutionStarted', { input: INPUT }],
    ['TaskStateEntered', { name: 'Preprocess', input: INPUT }],
    ['TaskScheduled', { resourceType: 'lambda', resource: 'invoke', parameters: INPUT }],
    ['TaskStarted', { resourceType: 'lambda', resource: 'invoke' }],
    ['TaskSucceeded', { resourceType: 'lambda', resource: 'invoke', output: INPUT }],
    ['TaskStateExited', { name: 'Preprocess', output: INPUT }],
    isFailed
      ? ['ExecutionFailed', { error: 'ModelFailed', cause: 'no' }]
      : ['ExecutionSucceeded', { output: INPUT }],
  ];
  return events.map(([type, details], at) => ({
    timestamp: startMs + at,
    message: `{"id":"${at + 1}","type":"${type}","details":${JSON.stringify(details)},"previous_event_id":"${at}","event_timestamp":"${startMs + at}","execution_arn":"${arn}","redrive_count":"0"}`,
  }));
}
