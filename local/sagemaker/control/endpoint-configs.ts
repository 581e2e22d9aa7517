// CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
import type { SdkOperations } from '../../service.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import { checkConfig } from './endpoint-config-input.ts';
import { page } from './page.ts';
import { invalid, NAME_RULE, Problems } from './problems.ts';
import type { EndpointConfigRecord, ProductionVariant } from './records.ts';

export function endpointConfigOperations(context: ControlContext): SdkOperations {
  const { store, place } = context;
  return {
    async createEndpointConfig(input) {
      checkConfig(input, context);
      const name = input.EndpointConfigName as string;
      const configArn = sagemakerArn(place, 'endpoint-config', name);
      if (store.endpointConfigs.get(name) !== undefined)
        throw invalid(`Cannot create already existing endpoint configuration "${configArn}".`);
      const { Tags: _tags, ...fields } = input;
      store.endpointConfigs.put(name, {
        ...(fields as unknown as EndpointConfigRecord),
        EndpointConfigArn: configArn,
        CreationTime: now(context),
        ProductionVariants: (input.ProductionVariants as ProductionVariant[]).map(withDefaults),
      });
      return { EndpointConfigArn: configArn };
    },
    async describeEndpointConfig(input) {
      return { ...findEndpointConfig(context, input.EndpointConfigName) };
    },
    async listEndpointConfigs(input) {
      const { items, ...rest } = page(input, {
        items: store.endpointConfigs.values(),
        name: (config) => config.EndpointConfigName,
        created: (config) => config.CreationTime,
      });
      const EndpointConfigs = items.map(({ EndpointConfigName, EndpointConfigArn, CreationTime }) => ({
        EndpointConfigName,
        EndpointConfigArn,
        CreationTime,
      }));
      return { EndpointConfigs, ...rest };
    },
    async deleteEndpointConfig(input) {
      store.endpointConfigs.delete(findEndpointConfig(context, input.EndpointConfigName).EndpointConfigName);
      return {};
    },
  };
}

/** @throws AwsError ValidationException */
export function findEndpointConfig(context: ControlContext, name: unknown): EndpointConfigRecord {
  new Problems().text('endpointConfigName', name, NAME_RULE).throwIfAny();
  const config = context.store.endpointConfigs.get(name as string);
  if (config !== undefined) return config;
  const configArn = sagemakerArn(context.place, 'endpoint-config', name as string);
  throw invalid(`Could not find endpoint configuration "${configArn}".`);
}

function withDefaults(variant: ProductionVariant): ProductionVariant {
  return { ...variant, InitialVariantWeight: variant.InitialVariantWeight ?? 1 };
}
