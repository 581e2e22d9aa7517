// Waits for the endpoints: the start is done when every one is in service.
import { StartFailure } from './failure.ts';
import type { World } from './resources/resource-type.ts';

/** @throws StartFailure with the reason when one does not come into service */
export function endpointsInService({
  services,
  built,
}: Pick<World, 'services' | 'built'>): Promise<string[]> {
  const settled = built.endpointNames.map(async (name) => {
    const { status, failureReason } = await services.sagemaker.settled(name);
    if (status === 'InService') return name;
    throw new StartFailure(`endpoint ${name} is ${status}: ${failureReason ?? 'no reason was given'}`);
  });
  return Promise.all(settled);
}
