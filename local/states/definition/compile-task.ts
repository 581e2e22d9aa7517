// The fields of a Task state, and its Resource taken apart.
import { compileNumber } from './compile-values.ts';
import type { FieldCompiler } from './fields.ts';
import type { IntegrationPattern, Resource, TaskState } from './types.ts';

/** AWS's longest task: 99,999,999 seconds. */
const MAX_SECONDS = 99_999_999;

type TaskFields = Pick<TaskState, 'resource' | 'timeoutSeconds' | 'heartbeatSeconds' | 'credentials'>;

export function compileTask(fields: FieldCompiler): TaskFields {
  return {
    resource: parseResource(String(fields.source.Resource)),
    timeoutSeconds: compileNumber(fields, 'TimeoutSeconds', { min: 1, max: MAX_SECONDS }),
    heartbeatSeconds: compileNumber(fields, 'HeartbeatSeconds', { min: 1, max: MAX_SECONDS }),
    credentials: fields.template('Credentials'),
  };
}

const PATTERNS: Readonly<Record<string, IntegrationPattern>> = {
  '.sync': 'sync',
  '.sync:2': 'sync:2',
  '.waitForTaskToken': 'token',
};

/** @throws TypeError for what is no resource of a task */
export function parseResource(text: string): Resource {
  const parts = text.split(':');
  if (parts[2] === 'lambda') return plain(text, 'lambda');
  if (parts[5] === 'activity') return plain(text, 'activity');
  const isSdk = parts[5] === 'aws-sdk';
  const service = parts[isSdk ? 6 : 5];
  const action = parts.slice(isSdk ? 7 : 6).join(':');
  if (parts[2] !== 'states' || service === undefined || action === '') {
    throw new TypeError(`No task has the resource ${text}`);
  }
  const suffix = /\.(sync(:2)?|waitForTaskToken)$/.exec(action)?.[0] ?? '';
  return {
    text,
    kind: isSdk ? 'sdk' : 'optimised',
    service,
    operation: action.slice(0, action.length - suffix.length),
    pattern: PATTERNS[suffix] ?? 'request',
    resourceType: isSdk ? `aws-sdk:${service}` : service,
    resourceName: action,
  };
}

function plain(text: string, kind: 'lambda' | 'activity'): Resource {
  return {
    text,
    kind,
    service: kind === 'lambda' ? 'lambda' : 'states',
    operation: '',
    pattern: 'request',
    resourceType: kind,
    resourceName: text,
  };
}
