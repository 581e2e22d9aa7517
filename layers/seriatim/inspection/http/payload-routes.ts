// What one who may read payloads is answered, all below `/payloads` so that one IAM statement covers it and nothing
// else: views and events with payloads, payloads drawn by their content type, their bytes, failing records, and
// comparisons, which tell of payloads too.
import type { Claim } from '../../claims.ts';
import type { RenderedPayload } from '../api.ts';
import { compareExecutions } from '../compare/executions.ts';
import type { DecodeImage } from '../compare/pixels.ts';
import { type ExportedExecution, exportRecord } from '../exported.ts';
import type { Inspection } from '../inspection.ts';
import { type Carried, takeCarried } from '../payloads/carried.ts';
import { readEvent, redactorFor, redactStrings, redactText, withPayloads } from '../payloads/readings.ts';
import type { Redactor } from '../payloads/redact.ts';
import { opened, type Rendered, redactBytes, renderBytes, renderValue } from '../payloads/render.ts';
import { NoSuchPayload, type PayloadAddress, selectPayload } from '../payloads/select.ts';
import { withShadows } from '../payloads/shadows.ts';
import { type ExecutionRecord, viewOf } from '../record.ts';
import {
  ApiError,
  type ApiRequest,
  bytesAnswer,
  type HttpAnswer,
  jsonAnswer,
  type Routes,
} from './answers.ts';
import { readFailingRecords } from './failing-records.ts';
import { findExecution, numberIn, readById } from './find.ts';
import { eventsPage } from './view-routes.ts';

export interface PayloadContext {
  readonly inspection: Pick<Inspection, 'readRecord'>;
  readonly redactor: Redactor;
  /** A claim's bytes, checked. @throws SeriatimError ClaimNotFound, ClaimMismatch */
  readonly readClaim: (claim: Claim) => Promise<Uint8Array>;
  /** The first bytes of an object; `undefined` when there is none. */
  readonly readHead: (object: {
    bucket: string;
    key: string;
    bytes: number;
  }) => Promise<Uint8Array | undefined>;
  /** Buckets that claims may lie in; any when absent. A payload must not be able to name another. */
  readonly buckets?: readonly string[];
  readonly decodeImage?: DecodeImage;
}

/** A function's answer has 6 MB, in which bytes stand as base64. */
const MAX_CONTENT_BYTES = 4 * 1024 * 1024;

export function payloadRoutes(context: PayloadContext): Routes {
  const { inspection, redactor } = context;
  return {
    'GET /payloads/compare': async ({ query: { a, b } }) => {
      if (a === undefined || b === undefined) throw new RangeError('a and b must name two executions');
      const records = await Promise.all([readById(inspection, a), readById(inspection, b)]);
      const [one, other] = records.map(viewOf) as [ReturnType<typeof viewOf>, ReturnType<typeof viewOf>];
      const hiding = redactorFor(
        one,
        redactorFor(other, redactor),
        records.flatMap(({ childInputs = [] }) => childInputs),
      );
      const compared = await compareExecutions(one, other, { ...context, readClaim: guarded(context) });
      return jsonAnswer(
        200,
        redactStrings(compared, hiding, (side) => redactStrings(side, hiding)),
      );
    },
    'GET /payloads/{id}': async (request) => {
      const record = await findExecution(inspection, request);
      const view = await withShadows(viewOf(record), context);
      return jsonAnswer(200, withPayloads(view, redactor, record.childInputs));
    },
    'GET /payloads/{id}/events': async (request) =>
      jsonAnswer(
        200,
        eventsPage(await findExecution(inspection, request), request, { redactor, isWhole: true }),
      ),
    'GET /payloads/{id}/history': async (request) =>
      jsonAnswer(200, exportRedacted(await findExecution(inspection, request), redactor)),
    'GET /payloads/{id}/rendered': (request) => rendered(context, request),
    'GET /payloads/{id}/content': (request) => content(context, request),
    'GET /payloads/{id}/records': async (request) => {
      const view = viewOf(await findExecution(inspection, request));
      const limit = numberIn(request, 'limit', { fallback: 20, most: 1000 });
      return jsonAnswer(200, await readFailingRecords(view, { ...context, limit }));
    },
  };
}

/** The whole record for a file, its payloads redacted. */
function exportRedacted(record: ExecutionRecord, rules: Redactor): ExportedExecution {
  const redactor = redactorFor(viewOf(record), rules, record.childInputs);
  const { description, events, mapRuns } = record;
  const reading = { firstMs: 0, redactor, isWhole: true as const };
  const { input, output, cause, childError } = description;
  const texts = Object.entries({ input, output, cause }).filter((entry) => entry[1] !== undefined);
  const hidden = texts.map(([name, text]) => [name, redactText(text!, redactor)]);
  return exportRecord({
    description: {
      ...description,
      ...Object.fromEntries(hidden),
      ...(childError === undefined ? {} : { childError: redactStrings(childError, redactor) }),
    },
    events: events.map((event) => ({ ...event, details: readEvent(event, reading).details })),
    mapRuns,
  });
}

async function rendered(wiring: PayloadContext, request: ApiRequest): Promise<HttpAnswer> {
  const { address, value, redactor } = await payloadOf(wiring, request);
  const context = { ...wiring, redactor };
  const { claim } = request.query;
  const drawn =
    claim === undefined ? renderValue(value, context.redactor) : await renderClaim(context, value, claim);
  const stage = address.stage === undefined ? {} : { stage: address.stage };
  return jsonAnswer(200, { ...stage, side: address.side, ...drawn } satisfies RenderedPayload);
}

async function renderClaim(context: PayloadContext, value: unknown, path: string): Promise<Rendered> {
  const one = partAt(value, path, context.redactor);
  const { contentType, body } = await bodyOf(context, one);
  return { bytes: body.length, ...renderBytes({ contentType, body }, { path, redactor: context.redactor }) };
}

async function content(wiring: PayloadContext, request: ApiRequest): Promise<HttpAnswer> {
  const { address, value, redactor } = await payloadOf(wiring, request);
  const context = { ...wiring, redactor };
  const { part } = request.query;
  const name = [request.parameters.id, address.stage, address.side].filter(Boolean).join('-');
  const safeName = name.replaceAll(/[^\w.-]+/g, '_');
  const whole = takeCarried(value).carried.find(({ path }) => path === '$');
  if (part === undefined && whole === undefined) {
    const { value: seen } = context.redactor.value(value);
    const body = Buffer.from(typeof seen === 'string' ? seen : JSON.stringify(seen));
    return bytesAnswer(typeof seen === 'string' ? 'text/plain' : 'application/json', body, safeName);
  }
  const { contentType, body } = await bodyOf(context, partAt(value, part ?? '$', context.redactor));
  return bytesAnswer(contentType, redactBytes(contentType, body, context.redactor), safeName);
}

/** What a rule hides is not there: the parts are those of the redacted value. */
function partAt(value: unknown, path: string, redactor: Redactor): Carried {
  const { carried } = takeCarried(opened(redactor.value(value).value));
  const found = carried.find((one) => one.path === path);
  if (found !== undefined) return found;
  const known = carried.map((one) => one.path).join(', ');
  throw new NoSuchPayload(`There is no part "${path}": there are ${known === '' ? 'none' : known}.`);
}

async function bodyOf(
  context: PayloadContext,
  one: Carried,
): Promise<{ readonly contentType: string; readonly body: Uint8Array }> {
  if (one.kind === 'bytes') return one;
  const { claim } = one;
  if (claim.bytes > MAX_CONTENT_BYTES) {
    const where = `s3://${claim.bucket}/${claim.key}`;
    throw new ApiError(413, 'PayloadTooLarge', `${where} has ${claim.bytes} bytes: read it from there.`);
  }
  return { contentType: claim.contentType, body: await guarded(context)(claim) };
}

/** Claims are read from the buckets of this deployment only. */
function guarded({ buckets, readClaim }: PayloadContext): PayloadContext['readClaim'] {
  return async (claim) => {
    if (buckets !== undefined && !buckets.includes(claim.bucket)) {
      throw new ApiError(403, 'NotAllowed', `The bucket "${claim.bucket}" is none of this deployment's.`);
    }
    try {
      return await readClaim(claim);
    } catch (thrown) {
      const { name, message } = thrown as Error;
      if (name === 'ClaimNotFound' || name === 'ClaimMismatch') throw new ApiError(410, name, message);
      throw thrown;
    }
  };
}

async function payloadOf(
  { inspection, redactor }: PayloadContext,
  request: ApiRequest,
): Promise<{ readonly address: PayloadAddress; readonly value: unknown; readonly redactor: Redactor }> {
  const address = readAddress(request);
  const record = await findExecution(inspection, request);
  const view = viewOf(record);
  const hiding = redactorFor(view, redactor, record.childInputs);
  return { address, value: selectPayload(view, address), redactor: hiding };
}

function readAddress(request: ApiRequest): PayloadAddress {
  const { stage, side = 'out', visit, attempt } = request.query;
  if (side !== 'in' && side !== 'out') throw new RangeError('side must be in or out');
  const whole = { fallback: 1, most: 25_000 };
  return {
    side,
    ...(stage === undefined ? {} : { stage }),
    ...(visit === undefined ? {} : { visit: numberIn(request, 'visit', whole) }),
    ...(attempt === undefined ? {} : { attempt: numberIn(request, 'attempt', whole) }),
  };
}
