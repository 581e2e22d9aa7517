// The lineage of what is deployed where, by SageMaker's own API, read from the registry's deployment records: an artifact
// for each version, an action for each time one took over, a context for each endpoint; version → action → endpoint.
// https://docs.aws.amazon.com/sagemaker/latest/dg/lineage-tracking-entities.html
import { createHash } from 'node:crypto';
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { type ControlContext, sagemakerArn } from '../control/context.ts';
import { page } from '../control/page.ts';
import { Problems } from '../control/problems.ts';

type LineageType = 'Artifact' | 'Action' | 'Context';

interface Entity {
  readonly lineageType: LineageType;
  readonly arn: string;
  readonly name: string;
  readonly type: string;
  /** What it stands for: a version, or an endpoint. */
  readonly sourceUri: string;
  readonly created: Date;
  readonly modified: Date;
}

interface Edge {
  readonly source: Entity;
  readonly destination: Entity;
  readonly association: 'ContributedTo' | 'AssociatedWith';
  readonly created: Date;
}

interface Graph {
  /** By ARN. */
  readonly entities: ReadonlyMap<string, Entity>;
  readonly edges: readonly Edge[];
}

export function lineageOperations(context: ControlContext): SdkOperations {
  return {
    listArtifacts: async (input) => list(graphOf(context), 'Artifact', input),
    listActions: async (input) => list(graphOf(context), 'Action', input),
    listContexts: async (input) => list(graphOf(context), 'Context', input),
    listAssociations: async (input) => associations(graphOf(context), input),
    queryLineage: async (input) => query(graphOf(context), input),
  };
}

function graphOf({ store, place }: ControlContext): Graph {
  const entities = new Map<string, Entity>();
  const edges = new Map<string, Edge>();
  const enter = (entity: Entity): Entity => {
    const known = entities.get(entity.arn);
    const kept = known === undefined ? entity : { ...known, modified: entity.modified };
    entities.set(kept.arn, kept);
    return kept;
  };
  [...store.deployments.values()].forEach((record, index) => {
    const { modelPackageArn, endpointName, deployedAt: at } = record;
    const times = { created: at, modified: at };
    const hash = createHash('sha256').update(modelPackageArn).digest('hex').slice(0, 32);
    const version = enter({
      lineageType: 'Artifact',
      arn: sagemakerArn(place, 'artifact', hash),
      name: modelPackageArn.split('model-package/').at(-1)!,
      type: 'ModelPackage',
      sourceUri: modelPackageArn,
      ...times,
    });
    const name = `${endpointName}-${record.variantName}-${record.containerName}-deployment-${index + 1}`;
    const action = enter({
      lineageType: 'Action',
      arn: sagemakerArn(place, 'action', name),
      name,
      type: 'ModelDeployment',
      sourceUri: modelPackageArn,
      ...times,
    });
    const endpoint = enter({
      lineageType: 'Context',
      arn: sagemakerArn(place, 'context', `${endpointName}-endpoint`),
      name: `${endpointName}-endpoint`,
      type: 'Endpoint',
      sourceUri: sagemakerArn(place, 'endpoint', endpointName),
      ...times,
    });
    edges.set(`${action.arn}<`, {
      source: version,
      destination: action,
      association: 'ContributedTo',
      created: at,
    });
    edges.set(`${action.arn}>`, {
      source: action,
      destination: endpoint,
      association: 'AssociatedWith',
      created: at,
    });
  });
  return { entities, edges: [...edges.values()] };
}

function list({ entities }: Graph, lineageType: LineageType, input: SdkValues): SdkValues {
  const typeWanted = input[`${lineageType}Type`];
  const { items, ...rest } = page(input, {
    items: [...entities.values()].filter(
      (entity) =>
        entity.lineageType === lineageType &&
        (typeWanted === undefined || typeWanted === entity.type) &&
        (input.SourceUri === undefined || input.SourceUri === entity.sourceUri),
    ),
    name: (entity) => entity.name,
    created: (entity) => entity.created,
  });
  const summaries = items.map((entity) => ({
    [`${lineageType}Arn`]: entity.arn,
    [`${lineageType}Name`]: entity.name,
    Source: sourceOf(entity),
    [`${lineageType}Type`]: entity.type,
    ...(lineageType === 'Action' ? { Status: 'Completed' } : {}),
    CreationTime: entity.created,
    LastModifiedTime: entity.modified,
  }));
  return { [`${lineageType}Summaries`]: summaries, ...rest };
}

function sourceOf({ lineageType, sourceUri }: Entity): SdkValues {
  return lineageType === 'Artifact'
    ? { SourceUri: sourceUri, SourceTypes: [{ SourceIdType: 'Custom', Value: sourceUri }] }
    : { SourceUri: sourceUri, SourceType: 'ARN' };
}

function associations({ edges }: Graph, input: SdkValues): SdkValues {
  const is = (member: string, value: string): boolean =>
    input[member] === undefined || input[member] === value;
  const { items, ...rest } = page(input, {
    items: edges.filter(
      ({ source, destination, association }) =>
        is('SourceArn', source.arn) &&
        is('DestinationArn', destination.arn) &&
        is('SourceType', source.type) &&
        is('DestinationType', destination.type) &&
        is('AssociationType', association),
    ),
    name: ({ source }) => source.name,
    created: ({ created }) => created,
  });
  const AssociationSummaries = items.map(({ source, destination, association, created }) => ({
    SourceArn: source.arn,
    DestinationArn: destination.arn,
    SourceType: source.type,
    DestinationType: destination.type,
    AssociationType: association,
    SourceName: source.name,
    DestinationName: destination.name,
    CreationTime: created,
  }));
  return { AssociationSummaries, ...rest };
}

/** Not more than AWS goes. */
const MAX_DEPTH = 10;

/** Everything that leads to or from the start, within its depth; the start itself too. */
function query({ entities, edges }: Graph, input: SdkValues): SdkValues {
  const { Direction = 'Both', MaxDepth = MAX_DEPTH } = input;
  new Problems()
    .text('direction', Direction, { oneOf: ['Both', 'Ascendants', 'Descendants'] })
    .number('maxDepth', MaxDepth, { min: 0, max: MAX_DEPTH })
    .throwIfAny();
  const reached = new Set<string>();
  const followed = new Set<Edge>();
  for (const start of (input.StartArns ?? []) as string[]) {
    if (!entities.has(start))
      throw new AwsError('ResourceNotFound', `Lineage entity ${start} was not found.`);
    reached.add(start);
    // Each way by itself: a version's other endpoints are no ascendants of this one.
    if (Direction !== 'Descendants')
      walk(start, { depth: Number(MaxDepth), edges, isUpwards: true, reached, followed });
    if (Direction !== 'Ascendants')
      walk(start, { depth: Number(MaxDepth), edges, isUpwards: false, reached, followed });
  }
  const Vertices = [...reached].map((arn) => entities.get(arn)!).filter((entity) => passes(entity, input));
  const Edges = [...followed].map(({ source, destination, association }) => ({
    SourceArn: source.arn,
    DestinationArn: destination.arn,
    AssociationType: association,
  }));
  return {
    Vertices: Vertices.map(({ arn, type, lineageType }) => ({
      Arn: arn,
      Type: type,
      LineageType: lineageType,
    })),
    ...(input.IncludeEdges === false ? {} : { Edges }),
  };
}

interface Walk {
  readonly depth: number;
  readonly edges: readonly Edge[];
  readonly isUpwards: boolean;
  readonly reached: Set<string>;
  readonly followed: Set<Edge>;
}

function walk(from: string, course: Walk): void {
  if (course.depth === 0) return;
  for (const edge of course.edges) {
    const [here, there] = course.isUpwards
      ? [edge.destination.arn, edge.source.arn]
      : [edge.source.arn, edge.destination.arn];
    if (here !== from || course.followed.has(edge)) continue;
    course.followed.add(edge);
    course.reached.add(there);
    walk(there, { ...course, depth: course.depth - 1 });
  }
}

function passes(entity: Entity, { Filters }: SdkValues): boolean {
  const filters = (Filters ?? {}) as { Types?: string[]; LineageTypes?: string[] };
  return (
    (filters.Types?.includes(entity.type) ?? true) &&
    (filters.LineageTypes?.includes(entity.lineageType) ?? true)
  );
}
