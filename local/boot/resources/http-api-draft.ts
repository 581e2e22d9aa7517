// An HTTP API as its resources describe it piece by piece; the gateway is made from the whole.

export interface HttpApiDraft {
  readonly apiId: string;
  readonly name: string;
  readonly integrations: Map<string, IntegrationDraft>;
  readonly routes: RouteDraft[];
  readonly stageNames: string[];
  /** As in the template: `AllowOrigins`, `AllowMethods`, `AllowHeaders`, `ExposeHeaders`, `MaxAge`, `AllowCredentials`. */
  readonly cors: Readonly<Record<string, unknown>> | undefined;
}

export interface IntegrationDraft {
  readonly functionArn: string;
  readonly payloadFormatVersion: string;
  readonly timeoutMs: number;
}

export interface RouteDraft {
  /** Such as `POST /pipelines/{pipeline}/invocations` or `$default`. */
  readonly routeKey: string;
  readonly integrationId: string;
}
