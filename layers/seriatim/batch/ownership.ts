// Whose results lie under a name. Outputs are called by their input, so a later run of the same input takes the place
// of an earlier one's; which run wrote an object, and when that run was started, stand in the object's metadata. A run
// that ends late never writes over one that was started after it: each write is bound to the object that was looked at.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
import { headObject, type ObjectPlace } from '../objects.ts';

export interface Owner {
  readonly run: string;
  /** Of the start that writes, as ISO 8601 in UTC. */
  readonly startedAt: string;
}

/** What must still be so for a write to happen. */
export type Condition = { readonly IfMatch?: string } | { readonly IfNoneMatch?: string };

const [RUN, STARTED] = ['seriatim-run', 'seriatim-started'];

export function metadataOf({ run, startedAt }: Owner): Record<string, string> {
  return { [RUN]: run, [STARTED]: startedAt };
}

/** Undefined when there is no object, or nobody's. */
export async function ownerOf(place: ObjectPlace): Promise<Owner | undefined> {
  return readOwner((await headObject(place))?.metadata);
}

function readOwner(metadata: Readonly<Record<string, string>> = {}): Owner | undefined {
  const [run, startedAt] = [metadata[RUN], metadata[STARTED]];
  return run === undefined || startedAt === undefined ? undefined : { run, startedAt };
}

/** The run whose object lies there instead of the given one's; undefined when it is its own, or nobody's. */
export async function replacedBy(place: ObjectPlace, run: string): Promise<string | undefined> {
  const owner = await ownerOf(place);
  return owner === undefined || owner.run === run ? undefined : owner.run;
}

/** More writers than that at one moment are not to be expected. */
const TRIES = 8;

/**
 * Writes unless a later owner's object is there.
 * @returns the later owner's run, when nothing was written
 */
export async function wherePutBy(
  owner: Owner,
  place: ObjectPlace,
  write: (condition: Condition) => Promise<unknown>,
): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const head = await headObject(place);
    const other = readOwner(head?.metadata);
    if (other !== undefined && other.startedAt > owner.startedAt) return other.run;
    try {
      await write(head === undefined ? { IfNoneMatch: '*' } : { IfMatch: `"${head.etag}"` });
      return undefined;
    } catch (thrown) {
      const hasChanged = CHANGED.has((thrown as Error).name);
      if (!hasChanged || tries === TRIES) throw thrown;
    }
  }
}

/** The object was written or deleted since it was looked at. */
const CHANGED = new Set(['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey', 'NotFound']);
