// All operations of the API, by name.
import type { SdkOperations } from '../../service.ts';
import { activityOperations } from './activities.ts';
import { aliasOperations } from './aliases.ts';
import { executionOperations } from './executions.ts';
import { historyOperations } from './history.ts';
import { machineOperations } from './machines.ts';
import { mapRunOperations } from './map-runs.ts';
import { redriveOperations } from './redrive.ts';
import { tagOperations } from './tags.ts';
import { testStateOperations } from './test-state.ts';
import { validateOperations } from './validate.ts';
import { versionOperations } from './versions.ts';
import type { World } from './world.ts';

export function allOperations(world: World): SdkOperations {
  return {
    ...machineOperations(world),
    ...versionOperations(world),
    ...aliasOperations(world),
    ...tagOperations(world),
    ...executionOperations(world),
    ...historyOperations(world),
    ...mapRunOperations(world),
    ...activityOperations(world),
    ...validateOperations(),
    ...testStateOperations(world),
    ...redriveOperations(world),
  };
}
