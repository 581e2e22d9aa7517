// Inference components: models with copies of their own on an endpoint whose variant has no model.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import type { HostContext } from '../hosting/host-context.ts';
import type { Hosts } from '../hosting/hosts.ts';
import { Variant } from '../hosting/variant.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import type { InferenceComponentRecord, Specification } from './inference-component-record.ts';
import { page } from './page.ts';
import { invalid, NAME_RULE, Problems } from './problems.ts';
import type { ModelRecord } from './records.ts';

/** With the copies that serve it. */
interface InferenceComponent extends InferenceComponentRecord {
  variant: Variant | undefined;
}

export class InferenceComponents {
  readonly operations: SdkOperations;
  readonly #control: ControlContext;
  readonly #context: HostContext;
  readonly #hosts: Hosts;
  readonly #components = new Map<string, InferenceComponent>();
  /** Copies that are not up yet. */
  readonly #starting = new Set<Variant>();
  #isClosed = false;

  constructor(control: ControlContext, context: HostContext, hosts: Hosts) {
    this.#control = control;
    this.#context = context;
    this.#hosts = hosts;
    this.operations = {
      createInferenceComponent: async (input) => this.#create(input),
      describeInferenceComponent: async (input) => describe(this.#find(input.InferenceComponentName)),
      listInferenceComponents: async (input) => this.#list(input),
      updateInferenceComponent: async (input) => this.#update(input),
      updateInferenceComponentRuntimeConfig: async (input) => this.#resize(input),
      deleteInferenceComponent: async (input) => this.#delete(input),
    };
  }

  /** The copies that serve the component at this endpoint; undefined when there is no such component. */
  serving(endpointName: string, componentName: string): Variant | undefined {
    const component = this.#components.get(componentName);
    return component?.endpointName === endpointName ? component.variant : undefined;
  }

  at(endpointName: string): readonly string[] {
    return [...this.#components.values()]
      .filter((component) => component.endpointName === endpointName)
      .map(({ name }) => name);
  }

  /** Takes up what an earlier process left, once its endpoints are there. */
  async resume(settled: (endpointName: string) => Promise<unknown>): Promise<void> {
    const kept = [...this.#control.store.inferenceComponents.values()];
    const resumed = kept.map(async (record) => {
      if (this.#components.has(record.name)) return;
      if (record.status === 'Deleting') {
        this.#control.store.inferenceComponents.delete(record.name);
        return;
      }
      const component: InferenceComponent = { ...record, variant: undefined };
      this.#components.set(record.name, component);
      if (record.status === 'Failed') return;
      this.#move(component, 'Creating');
      await settled(record.endpointName).catch(() => {});
      if (this.#hosts.has(record.endpointName)) await this.#serve(component, record.specification);
      else this.#move(component, 'Failed', `Endpoint "${record.endpointName}" did not come back.`);
    });
    await Promise.all(resumed);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const serving = [...this.#components.values()].map(({ variant }) => variant);
    await Promise.all([...this.#starting, ...serving].map((variant) => variant?.close()));
  }

  #create(input: SdkValues): SdkValues {
    const { InferenceComponentName: name, EndpointName: endpointName, VariantName: variantName } = input;
    const copies = (input.RuntimeConfig as { CopyCount?: number } | undefined)?.CopyCount ?? 1;
    new Problems()
      .text('inferenceComponentName', name, NAME_RULE)
      .text('endpointName', endpointName, NAME_RULE)
      .text('variantName', variantName, NAME_RULE)
      .number('runtimeConfig.copyCount', copies, { min: 0 })
      .throwIfAny();
    const componentArn = sagemakerArn(this.#control.place, 'inference-component', name as string);
    if (this.#components.has(name as string))
      throw invalid(`Cannot create already existing inference component "${componentArn}".`);
    this.#checkHost(endpointName as string, variantName as string);
    const specification = (input.Specification ?? {}) as Specification;
    checkSpecification(specification);
    const component: InferenceComponent = {
      name: name as string,
      arn: componentArn,
      endpointName: endpointName as string,
      variantName: variantName as string,
      specification,
      created: now(this.#control),
      modified: now(this.#control),
      status: 'Creating',
      failureReason: undefined,
      desiredCopies: copies,
      variant: undefined,
    };
    this.#components.set(component.name, component);
    this.#move(component, 'Creating');
    void this.#serve(component, specification);
    return { InferenceComponentArn: componentArn };
  }

  #checkHost(endpointName: string, variantName: string): void {
    const variants = this.#hosts.live.get(endpointName)?.fleet.variants;
    if (variants === undefined)
      throw invalid(
        `Could not find endpoint "${sagemakerArn(this.#control.place, 'endpoint', endpointName)}".`,
      );
    const variant = variants.find(({ name }) => name === variantName);
    if (variant === undefined)
      throw invalid(`Could not find variant "${variantName}" of endpoint "${endpointName}".`);
    if (variant.plan.containers.length > 0)
      throw invalid(`Variant "${variantName}" has a model of its own and cannot host inference components.`);
  }

  /** Starts copies of the specification and lets them take over from those that serve now. */
  async #serve(component: InferenceComponent, specification: Specification): Promise<void> {
    const before = component.variant;
    let variant: Variant | undefined;
    try {
      variant = this.#variantFor(component, specification);
      this.#starting.add(variant);
      await variant.scaleTo(component.desiredCopies).finally(() => this.#starting.delete(variant!));
      if (this.#isClosed) return;
      component.variant = variant;
      this.#move(component, 'InService');
      await before?.drainAndClose();
    } catch (thrown) {
      await variant?.close();
      this.#move(component, before === undefined ? 'Failed' : 'InService', (thrown as Error).message);
    }
  }

  #variantFor(component: InferenceComponent, specification: Specification): Variant {
    const { endpointName, variantName, desiredCopies } = component;
    const plan = this.#hosts.planModel(this.#modelFor(specification), {
      VariantName: variantName,
      InitialInstanceCount: desiredCopies,
      ...specification.StartupParameters,
    });
    const containers = plan.containers.map((container) => ({ ...container, name: component.name }));
    return new Variant({
      endpointName,
      componentName: component.name,
      plan: { ...plan, isPipeline: true, containers },
      context: this.#context,
    });
  }

  #modelFor({ ModelName, Container }: Specification): ModelRecord {
    if (ModelName !== undefined) {
      const model = this.#control.store.models.get(ModelName);
      if (model === undefined)
        throw invalid(`Could not find model "${sagemakerArn(this.#control.place, 'model', ModelName)}".`);
      return model;
    }
    const { Image, ArtifactUrl, Environment } = Container!;
    const PrimaryContainer = {
      ...(Image === undefined ? {} : { Image }),
      ...(ArtifactUrl === undefined ? {} : { ModelDataUrl: ArtifactUrl }),
      ...(Environment === undefined ? {} : { Environment }),
    };
    return { ModelName: '', ModelArn: '', CreationTime: now(this.#control), PrimaryContainer };
  }

  #update(input: SdkValues): SdkValues {
    const component = this.#findIdle(input.InferenceComponentName);
    const specification = (input.Specification ?? component.specification) as Specification;
    checkSpecification(specification);
    const copies = (input.RuntimeConfig as { CopyCount?: number } | undefined)?.CopyCount;
    component.desiredCopies = copies ?? component.desiredCopies;
    this.#move(component, 'Updating');
    const updated = { ...component, specification };
    this.#components.set(component.name, updated);
    this.#move(updated, 'Updating');
    void this.#serve(updated, specification);
    return { InferenceComponentArn: component.arn };
  }

  #resize(input: SdkValues): SdkValues {
    const component = this.#findIdle(input.InferenceComponentName);
    const copies = (input.DesiredRuntimeConfig as { CopyCount?: number } | undefined)?.CopyCount;
    new Problems().number('desiredRuntimeConfig.copyCount', copies, { min: 0 }).throwIfAny();
    component.desiredCopies = copies!;
    this.#move(component, 'Updating');
    component.variant!.scaleTo(copies!).then(
      () => this.#move(component, 'InService'),
      (error: Error) => this.#move(component, 'InService', error.message),
    );
    return { InferenceComponentArn: component.arn };
  }

  #delete(input: SdkValues): SdkValues {
    const component = this.#find(input.InferenceComponentName);
    this.#move(component, 'Deleting');
    const { variant } = component;
    component.variant = undefined;
    void Promise.resolve(variant?.drainAndClose()).then(() => {
      this.#components.delete(component.name);
      if (!this.#isClosed) this.#control.store.inferenceComponents.delete(component.name);
    });
    return {};
  }

  #list(input: SdkValues): SdkValues {
    const { items, ...rest } = page(input, {
      items: [...this.#components.values()].filter(
        (component) =>
          (input.EndpointNameEquals === undefined || component.endpointName === input.EndpointNameEquals) &&
          (input.VariantNameEquals === undefined || component.variantName === input.VariantNameEquals),
      ),
      name: (component) => component.name,
      created: (component) => component.created,
      modified: (component) => component.modified,
      status: (component) => component.status,
    });
    const InferenceComponents = items.map((component) => {
      const { Specification: _specification, RuntimeConfig: _config, ...summary } = describe(component);
      return summary;
    });
    return { InferenceComponents, ...rest };
  }

  #move(component: InferenceComponent, status: InferenceComponent['status'], failureReason?: string): void {
    component.status = status;
    component.failureReason = failureReason;
    component.modified = now(this.#control);
    if (this.#isClosed) return;
    const { variant: _variant, ...record } = component;
    this.#control.store.inferenceComponents.put(component.name, record);
  }

  #findIdle(name: unknown): InferenceComponent {
    const component = this.#find(name);
    if (component.status === 'InService' && component.variant !== undefined) return component;
    throw invalid(`Cannot update inference component "${component.arn}" in status ${component.status}.`);
  }

  #find(name: unknown): InferenceComponent {
    const component = this.#components.get(String(name));
    if (component !== undefined) return component;
    const componentArn = sagemakerArn(this.#control.place, 'inference-component', String(name));
    throw invalid(`Could not find inference component "${componentArn}".`);
  }
}

function checkSpecification(specification: Specification): void {
  if (specification.BaseInferenceComponentName !== undefined)
    throw invalid('Adapters (BaseInferenceComponentName) are not served on this machine.');
  if ((specification.ModelName === undefined) === (specification.Container === undefined))
    throw invalid('Exactly one of ModelName and Container must be specified.');
}

function describe(component: InferenceComponent): SdkValues {
  return {
    InferenceComponentName: component.name,
    InferenceComponentArn: component.arn,
    EndpointName: component.endpointName,
    EndpointArn: component.arn.replace(
      /inference-component\/.*$/,
      `endpoint/${component.endpointName.toLowerCase()}`,
    ),
    VariantName: component.variantName,
    InferenceComponentStatus: component.status,
    ...(component.failureReason === undefined ? {} : { FailureReason: component.failureReason }),
    Specification: component.specification,
    RuntimeConfig: {
      DesiredCopyCount: component.desiredCopies,
      CurrentCopyCount: component.variant?.instances.length ?? 0,
    },
    CreationTime: component.created,
    LastModifiedTime: component.modified,
  };
}
