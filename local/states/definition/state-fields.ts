// Which fields each state type has, and which of them belong to one query language.
// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html

export const TYPES: readonly string[] = [
  'Task',
  'Wait',
  'Pass',
  'Succeed',
  'Fail',
  'Choice',
  'Parallel',
  'Map',
];

const COMMON = ['Type', 'Comment', 'QueryLanguage'];
const DATA = ['InputPath', 'OutputPath', 'Output', 'Assign'];
const MOVING = ['Next', 'End'];
const RESULT = ['ResultPath', 'ResultSelector', 'Parameters', 'Arguments', 'Retry', 'Catch'];

export const STATE_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  Task: new Set([
    ...COMMON,
    ...DATA,
    ...MOVING,
    ...RESULT,
    'Resource',
    'TimeoutSeconds',
    'TimeoutSecondsPath',
    'HeartbeatSeconds',
    'HeartbeatSecondsPath',
    'Credentials',
  ]),
  Wait: new Set([...COMMON, ...DATA, ...MOVING, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath']),
  Pass: new Set([...COMMON, ...DATA, ...MOVING, 'Result', 'ResultPath', 'Parameters']),
  Succeed: new Set([...COMMON, 'InputPath', 'OutputPath', 'Output']),
  Fail: new Set([...COMMON, 'InputPath', 'OutputPath', 'Error', 'ErrorPath', 'Cause', 'CausePath']),
  Choice: new Set([...COMMON, ...DATA, 'Choices', 'Default']),
  Parallel: new Set([...COMMON, ...DATA, ...MOVING, ...RESULT, 'Branches']),
  Map: new Set([
    ...COMMON,
    ...DATA,
    ...MOVING,
    ...RESULT,
    'ItemProcessor',
    'Iterator',
    'ItemsPath',
    'Items',
    'ItemSelector',
    'ItemReader',
    'ItemBatcher',
    'ResultWriter',
    'MaxConcurrency',
    'MaxConcurrencyPath',
    'ToleratedFailureCount',
    'ToleratedFailureCountPath',
    'ToleratedFailurePercentage',
    'ToleratedFailurePercentagePath',
    'Label',
  ]),
};

export const REQUIRED_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Task: ['Resource'],
  Choice: ['Choices'],
  Parallel: ['Branches'],
};

export const JSONATA_ONLY: ReadonlySet<string> = new Set(['Arguments', 'Output', 'Items']);

export const JSONPATH_ONLY: ReadonlySet<string> = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'Result',
  'ItemsPath',
  'SecondsPath',
  'TimestampPath',
  'ErrorPath',
  'CausePath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentagePath',
]);
