// A run's parts in order, read a few ahead. Where a chunk has more than one, because it was done twice and an endpoint
// failed in between, the one with fewer failed records counts.
import { type BatchRun, decodePart, donePartsOf, type Part, readBytes } from '../../layers/seriatim/index.ts';

export interface PartPlace {
  readonly n: number;
  readonly failed: number;
  readonly key: string;
}

const READ_AHEAD = 8;

export async function listParts(run: BatchRun): Promise<PartPlace[]> {
  return [...(await donePartsOf(run)).values()].sort((a, b) => a.n - b.n);
}

/** @throws ClaimMismatch when a part is not what was written */
export async function* readParts(run: BatchRun, places: readonly PartPlace[]): AsyncGenerator<Part> {
  const underWay: Promise<Part>[] = [];
  const read = async ({ key }: PartPlace): Promise<Part> =>
    decodePart(await readBytes({ bucket: run.bucket, key }));
  for (const place of places) {
    const part = read(place);
    // Told when its turn comes; a failure before that is no unhandled one.
    part.catch(() => undefined);
    underWay.push(part);
    if (underWay.length >= READ_AHEAD) yield await underWay.shift()!;
  }
  while (underWay.length > 0) yield await underWay.shift()!;
}
