// The errors of the Step Functions API, with AWS's sentences.
import { AwsError } from '../../wire/errors.ts';

export const invalidArn = (detail: string): AwsError =>
  new AwsError('InvalidArn', `Invalid Arn: '${detail}'`);

export const machineDoesNotExist = (arn: string): AwsError =>
  new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);

export const executionDoesNotExist = (arn: string): AwsError =>
  new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);

export const resourceNotFound = (arn: string): AwsError =>
  new AwsError('ResourceNotFound', `Resource not found: '${arn}'`);

export const validation = (message: string): AwsError => new AwsError('ValidationException', message);

export const constraint = (value: string, member: string, rule: string): AwsError =>
  validation(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );

export const missing = (member: string): AwsError =>
  validation(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );

export const conflict = (message: string): AwsError => new AwsError('ConflictException', message);

export const typeNotSupported = (): AwsError =>
  new AwsError(
    'StateMachineTypeNotSupported',
    'This operation is not supported by this type of state machine',
  );
