// Checks every name in the template before anything is created: an unknown reference is one clear line that names
// it and says where it stands.
import { TemplateError } from './errors.ts';
import { intrinsicName } from './evaluate.ts';
import { isObject, type Template } from './model.ts';
import { isNear } from './near.ts';
import { type Reference, references } from './references.ts';

export interface KnownNames {
  /** Parameters and pseudo parameters. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly conditions: ReadonlyMap<string, boolean>;
  /** The resources whose condition holds. */
  readonly active: ReadonlySet<string>;
}

/** @throws TemplateError for the first name that means nothing */
export function checkNames(template: Template, known: KnownNames): void {
  for (const [id, resource] of Object.entries(template.resources)) {
    const path = `Resources.${id}`;
    for (const name of [resource.DependsOn ?? []].flat()) {
      if (template.resources[name] === undefined)
        throw new TemplateError(`${path}.DependsOn`, `there is no resource ${name}`);
    }
    checkValue(resource.Properties, `${path}.Properties`, { template, known });
    if (known.active.has(id)) checkTaken(resource.Properties, `${path}.Properties`, { template, known });
  }
  for (const [id, output] of Object.entries(template.outputs)) {
    const path = `Outputs.${id}.Value`;
    checkValue(output.Value, path, { template, known });
    if (isActive(output.Condition, known, `Outputs.${id}`))
      checkTaken(output.Value, path, { template, known });
  }
}

/** @throws TemplateError when there is no such condition */
export function isActive(
  condition: string | undefined,
  known: Pick<KnownNames, 'conditions'>,
  path: string,
): boolean {
  if (condition === undefined) return true;
  const holds = known.conditions.get(condition);
  if (holds === undefined) throw new TemplateError(`${path}.Condition`, `there is no condition ${condition}`);
  return holds;
}

interface Ground {
  readonly template: Template;
  readonly known: KnownNames;
}

/** Names exist, in branches that are not taken too. */
function checkValue(value: unknown, path: string, ground: Ground): void {
  checkConditions(value, path, ground);
  for (const reference of references(value, path)) checkExists(reference, ground);
}

function checkExists({ name, attribute, path }: Reference, { template, known }: Ground): void {
  if (template.resources[name] !== undefined) return;
  if (attribute === undefined && known.values.has(name)) return;
  const wanted = attribute === undefined ? 'resource or parameter' : 'resource';
  throw new TemplateError(path, `there is no ${wanted} ${name}${nearest(name, template, known)}`);
}

/** In what is really built, no reference leads to a resource that a condition leaves out. */
function checkTaken(value: unknown, path: string, { template, known }: Ground): void {
  for (const reference of references(value, path, (name) => known.conditions.get(name)!)) {
    const declared = template.resources[reference.name];
    if (declared !== undefined && !known.active.has(reference.name))
      throw new TemplateError(
        reference.path,
        `the resource ${reference.name} is left out, as its condition ${declared.Condition} does not hold`,
      );
  }
}

function checkConditions(value: unknown, path: string, ground: Ground): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkConditions(item, `${path}[${index}]`, ground);
  } else if (isObject(value)) {
    const branches = intrinsicName(value) === 'Fn::If' ? value['Fn::If'] : undefined;
    if (Array.isArray(branches)) isActive(String(branches[0]), ground.known, `${path}.Fn::If`);
    for (const [key, member] of Object.entries(value)) checkConditions(member, `${path}.${key}`, ground);
  }
}

/** A known name that differs only by case or one letter, as a hint. */
function nearest(name: string, template: Template, known: KnownNames): string {
  const names = [...Object.keys(template.resources), ...known.values.keys()];
  const near = names.find((other) => isNear(other.toLowerCase(), name.toLowerCase()));
  return near === undefined ? '' : `; did you mean ${near}?`;
}
