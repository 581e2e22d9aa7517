// The wire protocol of S3: REST with XML documents. Tells the operation, hands it to its handler, writes what is
// thrown as S3 writes errors.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
import type { WireCall } from '../service.ts';
import { AwsError, sendAwsError } from '../wire/errors.ts';
import type { Ground } from './ground.ts';
import { bucketHandlers } from './wire/bucket-handlers.ts';
import { checkHeaders, type Handlers, notImplemented } from './wire/handler.ts';
import { listingHandlers } from './wire/listing-handlers.ts';
import { multipartHandlers } from './wire/multipart-handlers.ts';
import { objectHandlers } from './wire/object-handlers.ts';
import { identifyOperation } from './wire/operations.ts';
import { readRequest } from './wire/request.ts';

const HANDLERS: Handlers = { ...objectHandlers, ...multipartHandlers, ...listingHandlers, ...bucketHandlers };

export function createWireHandler(ground: Ground): (call: WireCall) => Promise<void> {
  return async (call) => {
    try {
      await answer(ground, call);
    } catch (thrown) {
      // What is left of a refused body must flow, or the next request on the connection is never read.
      call.request.resume();
      sendAwsError(call.response, withS3Code(thrown), 'rest-xml', call.requestId);
    }
  };
}

async function answer(ground: Ground, call: WireCall): Promise<void> {
  const request = readRequest(call);
  const operation = identifyOperation(request);
  if (operation === undefined) throw methodNotAllowed(call);
  const handler = HANDLERS[operation];
  if (handler === undefined) throw notImplemented(`The operation ${operation}`);
  checkHeaders(ground, request);
  await handler(ground, request);
}

function methodNotAllowed({ method }: WireCall): AwsError {
  const message = 'The specified method is not allowed against this resource.';
  return new AwsError('MethodNotAllowed', message, { statusCode: 405, members: { Method: method } });
}

/** S3 has its own code for a defect of the service. */
function withS3Code(thrown: unknown): unknown {
  if (thrown instanceof AwsError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AwsError('InternalError', message, { statusCode: 500, cause: thrown });
}
