// Checks of a task's Resource: what it names, and whether this type of state machine may call it that way.
import type { StateContext } from './check-state.ts';
import { parseResource } from './compile-task.ts';
import type { Fields } from './fields.ts';
import type { Resource } from './types.ts';

export function checkResource(state: Fields, context: StateContext): void {
  const { findings, at } = context;
  const place = `${at}/Resource`;
  if (state.Resource === undefined) return;
  const resource = readResource(state.Resource);
  if (resource === undefined) {
    findings.schema('Value is not a valid resource ARN', place);
    return;
  }
  if (context.type === 'EXPRESS') checkExpress(resource, context, place);
  if (context.isServed !== undefined && !context.isServed(resource)) {
    findings.schema(
      `The resource provided ${resource.text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
      place,
    );
  }
}

/** Express state machines neither wait for callbacks nor for jobs. */
function checkExpress(resource: Resource, { findings }: StateContext, place: string): void {
  if (resource.kind === 'activity') {
    findings.schema('Express state machine does not support Activity ARN', place);
  } else if (resource.pattern === 'token') {
    findings.schema("Express state machine does not support '.waitForTaskToken' service integration ", place);
  } else if (resource.pattern === 'sync' || resource.pattern === 'sync:2') {
    findings.schema("Express state machine does not support '.sync' service integration ", place);
  }
}

function readResource(text: unknown): Resource | undefined {
  if (typeof text !== 'string' || !text.startsWith('arn:')) return undefined;
  try {
    return parseResource(text);
  } catch {
    return undefined;
  }
}
