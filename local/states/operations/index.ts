// All operations of the API, by name.
import type { SdkOperations } from '../../service.ts';
import { activityOperations } from './activities.ts';
import { aliasOperations } from './aliases.ts';
import { executionOperations } from './executions.ts';
import { historyOperations } from './history.ts';
import { machineOperations } from './machines.ts';
import { mapRunOperations } from './map-runs.ts';
import { redriveOperations } from './redrive.ts';
import { rerunOperations } from './rerun.ts';
import { tagOperations } from './tags.ts';
import { testStateOperations } from './test-state.ts';
import { validateOperations } from './validate.ts';
import { versionOperations } from './versions.ts';
import type { World } from './world.ts';

export function allOperations(world: World): SdkOperations {
  return {
    ...kept(world, {
      ...machineOperations(world),
      ...versionOperations(world),
      ...aliasOperations(world),
      ...tagOperations(world),
      ...mapRunOperations(world),
      ...activityOperations(world),
    }),
    ...executionOperations(world),
    ...historyOperations(world),
    ...validateOperations(),
    ...testStateOperations(world),
    ...redriveOperations(world),
    ...rerunOperations(world),
  };
}

const READS = /^(describe|list|get|send)/;

/** Whoever is told that something was created, changed or deleted finds it so after a crash. */
function kept({ journal }: World, operations: SdkOperations): SdkOperations {
  const wrapped = Object.entries(operations).map(([name, operation]): [string, SdkOperations[string]] => {
    if (READS.test(name)) return [name, operation];
    return [
      name,
      async (input, options) => {
        const answer = await operation(input, options);
        await journal.whenFlushed();
        return answer;
      },
    ];
  });
  return Object.fromEntries(wrapped);
}
