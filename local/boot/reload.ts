// Puts changed code and changed state machines into a running system. What is in flight ends as it began; what comes
// after meets the new.
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { World } from './resources/resource-type.ts';
import { createResource, type Stack, type StackPlan, stackScope } from './stack.ts';

export interface Changed {
  readonly kind: 'function' | 'layer';
  /** The folder's name in `.build/functions` or `.build/layers`. */
  readonly name: string;
}

/** @returns the names of the functions that run the new code from now on */
export async function reloadCode(world: World, { kind, name }: Changed): Promise<string[]> {
  const layerFolder = join(world.projectFolder, '.build', 'layers', name);
  const handlerPrefix = `.build/functions/${name}/`;
  const concerned = [...world.built.functions.values()].filter((one) =>
    kind === 'layer' ? one.layerFolders.includes(layerFolder) : one.handler.startsWith(handlerPrefix),
  );
  await Promise.all(concerned.map((definition) => world.services.lambda.putFunction(definition)));
  return concerned.map(({ functionName }) => functionName);
}

/** State machine definitions by the name they are compiled under. */
export type Definitions = Readonly<Record<string, unknown>>;

/**
 * Brings the machines whose compiled definition changed up to date.
 * @param before what the running machines were made of
 * @returns the names of the definitions that changed
 */
export async function reloadStateMachines(
  { world, stack }: { readonly world: World; readonly stack: Stack },
  before: Definitions,
  after: Definitions,
): Promise<string[]> {
  const changed = Object.keys(after).filter((name) => !isDeepStrictEqual(before[name], after[name]));
  for (const name of changed) {
    for (const logicalId of machinesOf(stack.plan, before[name])) {
      const plan = withDefinition(stack.plan, logicalId, after[name]);
      await createResource(logicalId, { plan, world, scope: stackScope(plan, stack.resources) });
    }
  }
  return changed;
}

/** The packaged template holds the compiled definition as it is. */
function machinesOf({ order, template }: StackPlan, definition: unknown): string[] {
  return [...order.keys()].filter((id) =>
    isDeepStrictEqual(template.resources[id]!.Properties?.Definition, definition),
  );
}

function withDefinition(plan: StackPlan, logicalId: string, definition: unknown): StackPlan {
  const resource = plan.template.resources[logicalId]!;
  const changed = { ...resource, Properties: { ...resource.Properties, Definition: definition } };
  return {
    ...plan,
    template: { ...plan.template, resources: { ...plan.template.resources, [logicalId]: changed } },
  };
}
