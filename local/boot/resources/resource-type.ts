// What every kind of resource shares: how it is declared, what creating it yields, and the world it is created in.
// One file per group of types stands beside this one; `registry.ts` lists them.
import { createHash } from 'node:crypto';
import type { FunctionDefinition, Lambda } from '../../lambda/api.ts';
import type { Logs } from '../../logs/api.ts';
import type { Monitoring } from '../../monitoring/api.ts';
import type { S3 } from '../../s3/api.ts';
import type { SageMaker } from '../../sagemaker/api.ts';
import type { AwsPlace, Service } from '../../service.ts';
import type { States } from '../../states/api.ts';
import type { HttpApiDraft } from './http-api-draft.ts';
import type { Properties } from './properties.ts';

/** Creates, or brings up to date, one resource. @throws TemplateError for properties that make no sense */
export type ResourceType = (
  declared: DeclaredResource,
  world: World,
) => Promise<CreatedResource> | CreatedResource;

export interface DeclaredResource {
  readonly logicalId: string;
  readonly type: string;
  /** All intrinsic functions resolved. */
  readonly properties: Properties;
}

/** What `Ref` and `Fn::GetAtt` yield, as CloudFormation documents it for the type. */
export interface CreatedResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface World {
  readonly place: AwsPlace;
  readonly stackName: string;
  /** The root that packaged code stands in. */
  readonly projectFolder: string;
  /** Where code that stands in the template itself is written. */
  readonly inlineCodeFolder: string;
  readonly services: WorldServices;
  /** What answers for an HTTP API on this machine, such as `http://127.0.0.1:3000`. */
  readonly httpApiUrl: string;
  /** What the creators leave for those who come after them. */
  readonly built: Built;
}

export interface WorldServices {
  readonly s3: S3;
  readonly lambda: Lambda;
  readonly logs: Logs;
  readonly monitoring: Monitoring;
  readonly states: States;
  readonly sagemaker: SageMaker;
  readonly sts: Service;
}

export interface Built {
  readonly buckets: string[];
  readonly functions: Map<string, FunctionDefinition>;
  /** Unpacked layers' folders by the ARN of their version. */
  readonly layers: Map<string, string>;
  readonly stateMachineArns: string[];
  readonly endpointNames: string[];
  readonly httpApis: Map<string, HttpApiDraft>;
  /** URLs that notices to a topic are posted to, by the topic's ARN. */
  readonly subscriptions: Map<string, string[]>;
  /** One line for each thing in the template that is not reproduced here. */
  readonly notes: string[];
}

export function nothingBuilt(): Built {
  return {
    buckets: [],
    functions: new Map(),
    layers: new Map(),
    stateMachineArns: [],
    endpointNames: [],
    httpApis: new Map(),
    subscriptions: new Map(),
    notes: [],
  };
}

/** The name CloudFormation would make up, but the same at every start: `stack-LogicalId-1A2B3C4D5E6F`. */
export function generatedName(world: Pick<World, 'stackName'>, logicalId: string): string {
  return `${world.stackName}-${logicalId}-${hash(`${world.stackName}/${logicalId}`, 12)}`;
}

/** Letters and digits that are the same for the same text. */
export function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length).toUpperCase();
}
