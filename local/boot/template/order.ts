// Which resource waits for which: what it refers to and what it names in `DependsOn`. A circle is an error that
// names it, as CloudFormation's does.
import { TemplateError } from './errors.ts';
import type { Template } from './model.ts';
import { type ConditionAnswer, references } from './references.ts';

/** The resources to create, each with the ids it waits for, in an order in which none comes before what it needs. */
export type CreationOrder = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * @param active the ids of the resources whose condition holds
 * @throws TemplateError for resources that wait for each other
 */
export function creationOrder(
  template: Template,
  active: ReadonlySet<string>,
  holds: ConditionAnswer,
): CreationOrder {
  const needs = new Map([...active].map((id) => [id, needsOf(template, id, { active, holds })]));
  const order = new Map<string, ReadonlySet<string>>();
  const trail: string[] = [];
  const visit = (id: string): void => {
    if (order.has(id)) return;
    if (trail.includes(id)) throw circular([...trail.slice(trail.indexOf(id)), id]);
    trail.push(id);
    for (const need of needs.get(id)!) visit(need);
    trail.pop();
    order.set(id, needs.get(id)!);
  };
  for (const id of needs.keys()) visit(id);
  return order;
}

function needsOf(
  template: Template,
  id: string,
  { active, holds }: { active: ReadonlySet<string>; holds: ConditionAnswer },
): Set<string> {
  const resource = template.resources[id]!;
  const named = [resource.DependsOn ?? []].flat();
  const found = [...references(resource.Properties, `Resources.${id}.Properties`, holds)];
  // A DependsOn of a resource that a condition leaves out is no dependency.
  return new Set([...found.map(({ name }) => name), ...named].filter((name) => active.has(name)));
}

function circular(trail: readonly string[]): TemplateError {
  return new TemplateError(`Resources.${trail[0]}`, `circular dependency: ${trail.join(' → ')}`);
}
