// Security Token Service: tells a caller who it is, which tools ask before they do anything else. No tokens are given
// out: callers on loopback need none. Query protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
import { type AwsPlace, DEFAULT_PLACE, type SdkOperations, type Service, type WireCall } from '../service.ts';
import { readBody } from '../wire/body.ts';
import { AwsError, sendAwsError } from '../wire/errors.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';
const MAX_BODY_BYTES = 64 * 1024;

export interface Sts extends Service {
  readonly name: 'sts';
  readonly operations: SdkOperations;
}

/** @param place whose account every caller is */
export function createSts({ place = DEFAULT_PLACE }: { readonly place?: AwsPlace } = {}): Sts {
  const identity = {
    Arn: `arn:${place.partition}:iam::${place.accountId}:root`,
    UserId: place.accountId,
    Account: place.accountId,
  };
  return {
    name: 'sts',
    operations: { getCallerIdentity: async () => identity },
    async handle(call) {
      try {
        checkAction(await actionOf(call));
        const members = Object.entries(identity).map(([name, value]) => `<${name}>${value}</${name}>`);
        sendResult(call, resultXml(members.join(''), call.requestId));
      } catch (thrown) {
        sendAwsError(call.response, thrown, 'query', call.requestId);
      }
    },
    async close() {},
  };
}

/** In a form, or in the query of a presigned request. */
async function actionOf({ request, query }: WireCall): Promise<string> {
  const form = new URLSearchParams((await readBody(request, MAX_BODY_BYTES)).toString());
  return form.get('Action') ?? query.get('Action') ?? '';
}

function checkAction(action: string): void {
  if (action === 'GetCallerIdentity') return;
  if (action === '') {
    throw new AwsError('MissingAction', 'The request is missing an action or a required parameter.');
  }
  throw new AwsError('NotImplemented', `The operation ${action} is not served here.`, { statusCode: 501 });
}

function resultXml(members: string, requestId: string): string {
  return `<GetCallerIdentityResponse xmlns="${NAMESPACE}"><GetCallerIdentityResult>${members}</GetCallerIdentityResult><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;
}

function sendResult({ response, requestId }: WireCall, body: string): void {
  response.writeHead(200, {
    'content-type': 'text/xml',
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}
