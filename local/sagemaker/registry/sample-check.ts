// Tries a version's sample payload on a fleet that does not serve yet.
import type { Fleet } from '../hosting/endpoint.ts';
import type { HostContext } from '../hosting/host-context.ts';
import { parseS3Url } from '../hosting/plan.ts';
import { invokeChain } from '../runtime/chain.ts';
import type { Registry } from './registry.ts';

/** @throws Error in the words of a FailureReason */
export async function trySamples(
  fleet: Fleet,
  facts: { readonly endpointName: string; readonly registry: Registry; readonly context: HostContext },
): Promise<void> {
  for (const variant of fleet.all) {
    const instance = variant.instances[0];
    for (const container of instance?.containers ?? []) {
      const name = container.plan.modelPackageArn;
      if (name === undefined || container.models !== undefined) continue;
      const version = facts.registry.find(name);
      if (version.SamplePayloadUrl === undefined) continue;
      const { body } = await facts.context.s3.getObject(parseS3Url(version.SamplePayloadUrl));
      const invocation = {
        endpointName: facts.endpointName,
        body: Buffer.concat(await body.toArray()),
        contentType: version.InferenceSpecification?.SupportedContentTypes?.[0],
        accept: version.InferenceSpecification?.SupportedResponseMIMETypes?.[0],
        customAttributes: undefined,
        targetModel: undefined,
        targetVariant: undefined,
        targetContainerHostname: undefined,
        inferenceId: undefined,
        sessionId: undefined,
        inferenceComponentName: undefined,
      };
      const route = { variant, instance: instance!, containers: [container] };
      await invokeChain(route, invocation, facts.context).catch((error: Error) => {
        throw new Error(`The sample payload of ${name} was not answered: ${error.message}`);
      });
    }
  }
}
