// Two executions stage by stage: what went in and out, how it differs, how long it took, what it cost, which models
// answered. Claims are compared by their checksum, and fetched only where they differ.
import type { Claim } from '../../claims.ts';
import type { ComparedExecution, Comparison, Difference, ImageDifference, StageComparison } from '../api.ts';
import { type Carried, takeCarried } from '../payloads/carried.ts';
import type { Redactor } from '../payloads/redact.ts';
import { binaryProtocolTensors, npyTensor } from '../payloads/tensor-facts.ts';
import type { ExecutionView, StageView } from '../view.ts';
import { type DecodeImage, decodePng } from './pixels.ts';
import { structuralSimilarity } from './ssim.ts';
import { compareValues } from './values.ts';

export interface CompareContext {
  readonly redactor: Redactor;
  readonly readClaim: (claim: Claim) => Promise<Uint8Array>;
  readonly decodeImage?: DecodeImage;
}

export async function compareExecutions(
  a: ExecutionView,
  b: ExecutionView,
  context: CompareContext,
): Promise<Comparison> {
  const stages = await Promise.all(pairs(a.stages, b.stages).map((pair) => compareStages(pair, context)));
  const [input, output] = await Promise.all([
    difference(inputBeside(a, b), inputBeside(b, a), context),
    difference(a.output, b.output, context),
  ]);
  return { a: headOf(a), b: headOf(b), input, output, stages };
}

/** What went in, where the other began: a rerun from a stage was handed that stage's input, not the pipeline's. */
function inputBeside(view: ExecutionView, other: ExecutionView): unknown {
  const from = other.rerun?.of === view.arn ? other.rerun.from : undefined;
  if (from === undefined) return view.input;
  return view.stages.find((stage) => stage.name === from)?.input ?? view.input;
}

function headOf(view: ExecutionView): ComparedExecution {
  const { id, arn, pipeline, status, durationMs, cost, version } = view;
  return {
    id,
    arn,
    pipeline,
    status,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(cost === undefined ? {} : { dollars: cost.dollars }),
    ...(version?.definition === undefined ? {} : { definition: version.definition }),
  };
}

type Pair = readonly [a: StageView | undefined, b: StageView | undefined];

/** By name and visit, in the order of the first, what only the second has at the end. */
function pairs(a: readonly StageView[], b: readonly StageView[]): Pair[] {
  const key = ({ name, visit }: StageView): string => `${name} ${visit}`;
  const inB = new Map(b.map((stage) => [key(stage), stage]));
  const inA = new Set(a.map(key));
  return [
    ...a.map((stage): Pair => [stage, inB.get(key(stage))]),
    ...b.filter((stage) => !inA.has(key(stage))).map((stage): Pair => [undefined, stage]),
  ];
}

async function compareStages([a, b]: Pair, context: CompareContext): Promise<StageComparison> {
  const { name, visit } = (a ?? b)!;
  if (a === undefined || b === undefined) return { name, visit, in: a === undefined ? 'b' : 'a' };
  const [input, output] = await Promise.all([
    difference(a.input, b.input, context),
    difference(a.output, b.output, context),
  ]);
  return {
    name,
    visit,
    in: 'both',
    status: [a.status, b.status],
    input,
    output,
    durationMs: [a.durationMs ?? null, b.durationMs ?? null],
    dollars: [a.cost?.dollars ?? null, b.cost?.dollars ?? null],
    ...(a.inference === undefined || b.inference === undefined
      ? {}
      : {
          targetModels: [a.inference.targetModels, b.inference.targetModels],
          checksums: [a.inference.checksums, b.inference.checksums],
          endpoints: [a.inference.endpoint ?? null, b.inference.endpoint ?? null],
        }),
  };
}

async function difference(a: unknown, b: unknown, context: CompareContext): Promise<Difference> {
  const [left, right] = [takeCarried(a), takeCarried(b)];
  const plain = compareValues(left.value, right.value, context.redactor);
  const carried = await Promise.all(
    left.carried.map(async (one): Promise<Difference> => {
      const other = right.carried.find(({ path }) => path === one.path);
      return other === undefined ? { same: false } : compareCarried(one, other, context);
    }),
  );
  return carried.reduce(merge, plain);
}

function merge(a: Difference, b: Difference): Difference {
  const images = [...(a.images ?? []), ...(b.images ?? [])];
  return {
    ...a,
    same: a.same && b.same,
    ...(b.numbers === undefined ? {} : { numbers: b.numbers }),
    ...(images.length === 0 ? {} : { images }),
  };
}

async function compareCarried(a: Carried, b: Carried, context: CompareContext): Promise<Difference> {
  if (a.kind === 'claim' && b.kind === 'claim' && a.claim.sha256 === b.claim.sha256) return { same: true };
  const [left, right] = await Promise.all([bodyOf(a, context), bodyOf(b, context)]);
  if (Buffer.compare(left, right) === 0) return { same: true };
  if (typeOf(a).startsWith('image/'))
    return { same: false, images: [await compareImages(a, [left, right], context)] };
  const [numbersA, numbersB] = [contentOf(typeOf(a), left), contentOf(typeOf(b), right)];
  if (numbersA === undefined || numbersB === undefined) return { same: false };
  return compareValues(numbersA, numbersB, context.redactor);
}

function typeOf(one: Carried): string {
  return one.kind === 'claim' ? one.claim.contentType : one.contentType;
}

async function bodyOf(one: Carried, { readClaim }: CompareContext): Promise<Uint8Array> {
  return one.kind === 'claim' ? readClaim(one.claim) : one.body;
}

/** What of a body can be compared value by value. */
function contentOf(contentType: string, body: Uint8Array): unknown {
  const npy = npyTensor(body);
  if (npy !== undefined) return { shape: npy.shape, data: numbers(npy.elements) };
  if (/octet-stream|binary/.test(contentType)) {
    return binaryProtocolTensors(body)?.map(({ name, shape, elements }) => ({
      name,
      shape,
      data: numbers(elements),
    }));
  }
  return /^text\/|json|csv/.test(contentType) ? Buffer.from(body).toString('utf8').split('\n') : undefined;
}

function numbers(elements: Iterable<unknown>): unknown[] {
  return [...elements].map((element) => (typeof element === 'bigint' ? Number(element) : element));
}

async function compareImages(
  one: Carried,
  [a, b]: readonly [Uint8Array, Uint8Array],
  { decodeImage = decodePng }: CompareContext,
): Promise<ImageDifference> {
  const [left, right] = await Promise.all([decodeImage(a), decodeImage(b)]);
  const size = (image: typeof left): string =>
    image === undefined ? 'not decoded' : `${image.width}×${image.height}`;
  const ssim = left === undefined || right === undefined ? null : structuralSimilarity(left, right);
  return { path: one.path, ssim, a: size(left), b: size(right) };
}
