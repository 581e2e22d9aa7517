// Dimensions as the API lists them, and as we keep them.
import { AwsError } from '../wire/errors.ts';
import type { Dimensions } from './api.ts';

export interface DimensionItem {
  readonly Name: string;
  readonly Value: string;
}

/** CloudWatch takes at most 30. */
const MAX_DIMENSIONS = 30;

/** @throws AwsError InvalidParameterValue */
export function dimensionsOf(items: unknown): Dimensions {
  const list = (items ?? []) as readonly DimensionItem[];
  if (list.length > MAX_DIMENSIONS)
    throw invalidParameter(`The collection Dimensions must not have more than ${MAX_DIMENSIONS} members.`);
  return Object.fromEntries(list.map(({ Name, Value }) => [Name, Value]));
}

export function dimensionItems(dimensions: Dimensions): DimensionItem[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}

/** A time as it comes in process (Date) or over the wire (epoch seconds, ISO text). */
export function timeOf(value: unknown, member: string): number {
  const ms = typeof value === 'number' ? value * 1000 : new Date(value as string | Date).getTime();
  if (value === undefined || Number.isNaN(ms))
    throw new AwsError('MissingParameter', `The parameter ${member} is required.`);
  return ms;
}
