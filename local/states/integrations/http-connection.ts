// EventBridge connections as HTTP tasks use them: who asks, and what goes with every request. Their form is that of
// `AWS::Events::Connection`. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
import { isObject, type Json } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';

export interface HttpConnection {
  readonly AuthorizationType: 'BASIC' | 'API_KEY' | 'OAUTH_CLIENT_CREDENTIALS';
  readonly AuthParameters: {
    readonly BasicAuthParameters?: { readonly Username: string; readonly Password: string };
    readonly ApiKeyAuthParameters?: { readonly ApiKeyName: string; readonly ApiKeyValue: string };
    readonly OAuthParameters?: OAuthParameters;
    readonly InvocationHttpParameters?: HttpParameters;
  };
}

interface OAuthParameters {
  readonly AuthorizationEndpoint: string;
  readonly HttpMethod: 'GET' | 'POST' | 'PUT';
  readonly ClientParameters: { readonly ClientID: string; readonly ClientSecret: string };
  readonly OAuthHttpParameters?: HttpParameters;
}

interface HttpParameters {
  readonly HeaderParameters?: readonly Parameter[];
  readonly QueryStringParameters?: readonly Parameter[];
  readonly BodyParameters?: readonly Parameter[];
}

interface Parameter {
  readonly Key: string;
  readonly Value: string;
}

/** What a connection adds to a request. */
export interface Additions {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

const NOTHING: Additions = { headers: {}, query: {}, body: {} };

/**
 * @param connections by name; undefined when none are known at all: requests then go without authorisation
 * @throws StateFailure when the connection is not among them, or gives no token
 */
export async function connectionFor(
  given: Readonly<Record<string, Json>>,
  connections: Readonly<Record<string, HttpConnection>> | undefined,
  signal: AbortSignal,
): Promise<Additions> {
  const holder = isObject(given.Authentication) ? given.Authentication : given.InvocationConfig;
  const arn = isObject(holder) ? holder.ConnectionArn : undefined;
  if (connections === undefined || typeof arn !== 'string') return NOTHING;
  const connection = connections[/:connection\/([^/]+)/.exec(arn)?.[1] ?? arn];
  if (connection === undefined) throw connectionFailure(`The connection ${arn} does not exist.`);
  const parameters = connection.AuthParameters.InvocationHttpParameters ?? {};
  return {
    headers: {
      ...smallKeys(byKey(parameters.HeaderParameters)),
      ...(await authorisation(connection, signal)),
    },
    query: byKey(parameters.QueryStringParameters),
    body: byKey(parameters.BodyParameters),
  };
}

function connectionFailure(cause: string): StateFailure {
  return new StateFailure('Events.ConnectionResource.InvalidConnectionState', cause, { isTask: true });
}

function byKey(parameters: readonly Parameter[] = []): Record<string, string> {
  return Object.fromEntries(parameters.map(({ Key, Value }) => [Key, Value]));
}

/** Headers are the same in whatever letters. */
function smallKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function authorisation(
  { AuthParameters: given }: HttpConnection,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { BasicAuthParameters: basic, ApiKeyAuthParameters: key, OAuthParameters: oauth } = given;
  if (key !== undefined) return { [key.ApiKeyName.toLowerCase()]: key.ApiKeyValue };
  if (basic !== undefined) {
    const pair = Buffer.from(`${basic.Username}:${basic.Password}`).toString('base64');
    return { authorization: `Basic ${pair}` };
  }
  return oauth === undefined ? {} : { authorization: `Bearer ${await accessToken(oauth, signal)}` };
}

async function accessToken(oauth: OAuthParameters, signal: AbortSignal): Promise<string> {
  const { ClientID, ClientSecret } = oauth.ClientParameters;
  const extra = oauth.OAuthHttpParameters ?? {};
  const fields = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: ClientID,
    client_secret: ClientSecret,
    ...byKey(extra.BodyParameters),
  });
  const address = new URL(oauth.AuthorizationEndpoint);
  const query = {
    ...byKey(extra.QueryStringParameters),
    ...(oauth.HttpMethod === 'GET' ? Object.fromEntries(fields) : {}),
  };
  for (const [name, value] of Object.entries(query)) address.searchParams.append(name, value);
  const response = await fetch(address, {
    method: oauth.HttpMethod,
    headers: byKey(extra.HeaderParameters),
    ...(oauth.HttpMethod === 'GET' ? {} : { body: fields }),
    signal,
  }).catch((thrown: unknown) => {
    throw connectionFailure(String((thrown as Error).message));
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && isObject(answer) && typeof answer.access_token === 'string') return answer.access_token;
  throw connectionFailure(`${address.origin} gave no access token: status ${response.status}.`);
}
