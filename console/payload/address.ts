// Where the API has a payload: of an execution, a stage or an attempt, going in or coming out.
import { apiPath } from '../api/client.ts';
import type { StageAddress } from '../route.ts';

export interface PayloadPlace {
  readonly arn: string;
  readonly address: StageAddress | undefined;
  readonly side: 'in' | 'out';
}

export function renderedPath(place: PayloadPlace, claim?: string): string {
  return apiPath(['payloads', place.arn, 'rendered'], { ...queryOf(place), claim });
}

export function contentPath(place: PayloadPlace, part?: string): string {
  return apiPath(['payloads', place.arn, 'content'], { ...queryOf(place), part });
}

function queryOf({ address, side }: PayloadPlace): Record<string, string | number | undefined> {
  return { stage: address?.name, visit: address?.visit, attempt: address?.attempt, side };
}
