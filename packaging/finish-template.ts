// The last touches on the packaged template: who may call the HTTP API, by one setting, and no `DependsOn` that a
// reference already implies (cfn-lint W3005).
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html

export interface Template {
  readonly Resources: Record<string, TemplateResource>;
}

interface TemplateResource {
  readonly Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string | string[];
}

export interface Authorisation {
  /** `iam` (default): signed requests. `jwt`: tokens of `issuer` for `audience`. `open`: anyone. */
  readonly authorisation?: string;
  readonly issuer?: string;
  readonly audience?: string;
}

const AUTHORIZER = 'HttpApiJwtAuthorizer';

export function finishTemplate(template: Template, setting: Authorisation): void {
  authoriseRoutes(template, setting);
  for (const resource of Object.values(template.Resources)) dropImpliedDependencies(resource);
}

function dropImpliedDependencies(resource: TemplateResource): void {
  if (resource.DependsOn === undefined) return;
  const properties = JSON.stringify(resource.Properties);
  const needed = [resource.DependsOn].flat().filter((id) => !isReferenced(id, properties));
  if (needed.length === 0) delete resource.DependsOn;
  else resource.DependsOn = needed;
}

function isReferenced(id: string, properties: string): boolean {
  return properties.includes(`{"Ref":"${id}"}`) || properties.includes(`{"Fn::GetAtt":["${id}",`);
}

function authoriseRoutes(template: Template, setting: Authorisation): void {
  const properties = routeProperties(template, setting);
  for (const resource of Object.values(template.Resources)) {
    if (resource.Type !== 'AWS::ApiGatewayV2::Route') continue;
    Object.assign(resource.Properties, properties);
  }
}

function routeProperties(template: Template, setting: Authorisation): Record<string, unknown> {
  switch (setting.authorisation ?? 'iam') {
    case 'iam':
      return { AuthorizationType: 'AWS_IAM' };
    case 'open':
      return { AuthorizationType: 'NONE' };
    case 'jwt':
      template.Resources[AUTHORIZER] = jwtAuthorizer(setting);
      return { AuthorizationType: 'JWT', AuthorizerId: { Ref: AUTHORIZER } };
    default:
      throw new Error(
        `custom.httpApi.authorisation: expected iam, jwt or open, found ${setting.authorisation}.`,
      );
  }
}

function jwtAuthorizer({ issuer, audience }: Authorisation): TemplateResource {
  if (!issuer || !audience) throw new Error('custom.httpApi: jwt needs an issuer and an audience.');
  return {
    Type: 'AWS::ApiGatewayV2::Authorizer',
    Properties: {
      ApiId: { Ref: 'HttpApi' },
      AuthorizerType: 'JWT',
      Name: 'jwt',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: issuer, Audience: audience.split(',') },
    },
  };
}
