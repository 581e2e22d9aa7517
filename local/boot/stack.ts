// From a template to running resources: settles parameters and conditions, checks every name, orders the resources
// and creates them, those that do not wait for each other side by side.
import { Properties } from './resources/properties.ts';
import { RESOURCE_TYPES, unserved } from './resources/registry.ts';
import type { CreatedResource, World } from './resources/resource-type.ts';
import { checkNames, isActive } from './template/check.ts';
import { evaluateConditions } from './template/conditions.ts';
import { TemplateError } from './template/errors.ts';
import { evaluate, NO_VALUE, type Scope } from './template/evaluate.ts';
import type { Template } from './template/model.ts';
import { isNear } from './template/near.ts';
import { type CreationOrder, creationOrder } from './template/order.ts';
import { parameterValues, pseudoParameters, type StackIdentity } from './template/parameters.ts';

/** A template that is known to make sense, before anything is created. */
export interface StackPlan {
  readonly template: Template;
  /** Parameters and pseudo parameters. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly conditions: ReadonlyMap<string, boolean>;
  readonly order: CreationOrder;
  /** Resources of types that are not served here. */
  readonly unserved: readonly { readonly logicalId: string; readonly type: string }[];
}

export interface Stack {
  readonly plan: StackPlan;
  readonly resources: ReadonlyMap<string, CreatedResource>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

export interface PlanOptions extends StackIdentity {
  /** In place of the parameters' defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** @throws TemplateError */
export function planStack(template: Template, options: PlanOptions): StackPlan {
  const values = new Map([
    ...parameterValues(template.parameters, options.parameters),
    ...pseudoParameters(options),
  ]);
  const conditions = evaluateConditions(template.conditions, onlyValues(template, values));
  const declared = Object.entries(template.resources);
  const isCreated = ([id, { Condition }]: (typeof declared)[number]): boolean =>
    isActive(Condition, { conditions }, `Resources.${id}`);
  const active = new Set(declared.filter(isCreated).map(([id]) => id));
  checkNames(template, { values, conditions, active });
  checkTypes(template, active);
  const order = creationOrder(template, active, (name) => conditions.get(name)!);
  const unknown = [...order.keys()].filter(
    (id) => !Object.hasOwn(RESOURCE_TYPES, template.resources[id]!.Type),
  );
  return {
    template,
    values,
    conditions,
    order,
    unserved: unknown.map((logicalId) => ({ logicalId, type: template.resources[logicalId]!.Type })),
  };
}

/** What is not served here may stand in a template; what is almost a type that is served is a slip. */
function checkTypes({ resources }: Template, active: ReadonlySet<string>): void {
  for (const id of active) {
    const { Type: type } = resources[id]!;
    if (Object.hasOwn(RESOURCE_TYPES, type)) continue;
    const meant = Object.keys(RESOURCE_TYPES).find((served) => isNear(type, served));
    if (meant !== undefined)
      throw new TemplateError(`Resources.${id}.Type`, `${type} is no resource type; ${meant} is`);
  }
}

/** Runs when a resource is there and before what depends on it is created. */
export type AfterCreated = (logicalId: string, created: CreatedResource) => Promise<void>;

/** @throws TemplateError for what a template or a service refuses */
export async function createStack(
  plan: StackPlan,
  world: World,
  afterCreated: AfterCreated = async () => {},
): Promise<Stack> {
  const resources = new Map<string, CreatedResource>();
  const scope = stackScope(plan, resources);
  const underWay = new Map<string, Promise<void>>();
  for (const [logicalId, needs] of plan.order) {
    // The order guarantees that what is needed is under way already.
    const needed = Promise.all([...needs].map((need) => underWay.get(need)));
    underWay.set(
      logicalId,
      needed.then(async () => {
        const created = await createResource(logicalId, { plan, world, scope });
        resources.set(logicalId, created);
        await afterCreated(logicalId, created);
      }),
    );
  }
  await settleAll([...underWay.values()]);
  return { plan, resources, outputs: outputs(plan, scope) };
}

/** One resource again, with properties changed by the caller: how `dev` puts a new definition into a running machine. */
export async function createResource(
  logicalId: string,
  { plan, world, scope }: { plan: StackPlan; world: World; scope: Scope },
): Promise<CreatedResource> {
  const { Type: type, Properties: raw = {} } = plan.template.resources[logicalId]!;
  const path = `Resources.${logicalId}.Properties`;
  const properties = new Properties(evaluate(raw, scope, path) as Record<string, unknown>, path);
  const create = Object.hasOwn(RESOURCE_TYPES, type) ? RESOURCE_TYPES[type]! : unserved;
  try {
    return await create({ logicalId, type, properties }, world);
  } catch (thrown) {
    if (thrown instanceof TemplateError || !(thrown instanceof Error)) throw thrown;
    throw new TemplateError(`Resources.${logicalId}`, `${thrown.name}: ${thrown.message}`);
  }
}

/** What names mean once resources exist. */
export function stackScope(plan: StackPlan, resources: ReadonlyMap<string, CreatedResource>): Scope {
  const { template } = plan;
  return {
    ...onlyValues(template, plan.values),
    ref: (name, path) => resources.get(name)?.ref ?? settledValue(plan.values, name, path),
    attribute: (logicalId, attribute, path) => {
      const attributes = resources.get(logicalId)?.attributes ?? {};
      if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
      const type = template.resources[logicalId]?.Type;
      const problem = Object.hasOwn(RESOURCE_TYPES, type ?? '')
        ? 'has no attribute'
        : 'is not served here, so neither is';
      throw new TemplateError(path, `${logicalId} (${type}) ${problem} ${attribute}`);
    },
    condition: (name) => plan.conditions.get(name) ?? false,
  };
}

/** Conditions see parameters and mappings; resources do not exist yet. */
function onlyValues(template: Template, values: ReadonlyMap<string, unknown>): Omit<Scope, 'condition'> {
  return {
    mappings: template.mappings,
    ref: (name, path) => settledValue(values, name, path),
    attribute: (logicalId, _attribute, path) => {
      throw new TemplateError(path, `a condition cannot depend on the resource ${logicalId}`);
    },
  };
}

function settledValue(values: ReadonlyMap<string, unknown>, name: string, path: string): unknown {
  if (!values.has(name)) throw new TemplateError(path, `there is no parameter ${name}`);
  return values.get(name);
}

function outputs(plan: StackPlan, scope: Scope): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [id, { Value, Condition }] of Object.entries(plan.template.outputs)) {
    if (!isActive(Condition, plan, `Outputs.${id}`)) continue;
    const value = evaluate(Value, scope, `Outputs.${id}.Value`);
    if (value !== NO_VALUE) result[id] = value;
  }
  return result;
}

/** Waits for all, so that nothing is left running behind an error, then throws the first one. */
async function settleAll(promises: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(promises);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
}
