// CreateEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint, DeleteEndpoint: the records and their statuses;
// the work behind them is hosting's.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
import type { SdkOperations, SdkValues } from '../../service.ts';
import type { DeploymentConfig } from '../hosting/deployment.ts';
import type { Hosts } from '../hosting/hosts.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import { findEndpointConfig } from './endpoint-configs.ts';
import { captureSummary, pendingSummary, summarise } from './endpoint-summary.ts';
import { page } from './page.ts';
import { invalid, NAME_RULE, Problems } from './problems.ts';
import type {
  DesiredCapacity,
  EndpointConfigRecord,
  EndpointRecord,
  EndpointStatus,
  ServingRecord,
} from './records.ts';
import { deploymentOf, keptProperties } from './update-input.ts';

/** The operations, and what the process wants to know about its endpoints. */
export class Endpoints {
  readonly operations: SdkOperations;
  readonly #context: ControlContext;
  readonly #hosts: Hosts;
  /** Called with an endpoint's name and tags when it is created and when they change. */
  onTags: (endpointName: string, tags: unknown) => void = () => {};
  /** Why a config's models may not serve (any more); undefined when they may. */
  reasonToWithhold: (config: EndpointConfigRecord) => string | undefined = () => undefined;
  /** The inference components on an endpoint. */
  componentsAt: (endpointName: string) => readonly string[] = () => [];
  readonly #changes = new Map<string, Promise<void>>();
  #isClosed = false;

  constructor(context: ControlContext, hosts: Hosts) {
    this.#context = context;
    this.#hosts = hosts;
    this.operations = {
      createEndpoint: async (input) => {
        const created = this.#create(input);
        this.onTags(input.EndpointName as string, input.Tags);
        return created;
      },
      describeEndpoint: async (input) => this.#describe(this.#find(input.EndpointName)),
      listEndpoints: async (input) => this.#list(input),
      updateEndpoint: async (input) => this.#update(input),
      updateEndpointWeightsAndCapacities: async (input) => this.#resize(input),
      deleteEndpoint: async (input) => this.#delete(input.EndpointName),
    };
  }

  all(): EndpointRecord[] {
    return [...this.#context.store.endpoints.values()];
  }

  /** Resolves once nothing is under way for the endpoint. */
  async settled(endpointName: string): Promise<{ status: string; failureReason?: string }> {
    await this.#changes.get(endpointName);
    const { EndpointStatus: status, FailureReason: failureReason } = this.#find(endpointName);
    return failureReason === undefined ? { status } : { status, failureReason };
  }

  /** An endpoint's tags were changed by hand; another resource's are nothing to endpoints. */
  noteTags(resourceArn: string, tags: readonly unknown[]): void {
    const endpoint = this.all().find(({ EndpointArn }) => EndpointArn === resourceArn);
    if (endpoint === undefined) return;
    const { serving } = this.#context.store;
    const current = serving.get(endpoint.EndpointName);
    if (current !== undefined) serving.put(endpoint.EndpointName, { ...current, tags });
    this.onTags(endpoint.EndpointName, tags);
  }

  /** Ends what serves; the endpoint stays, and an update brings it back. */
  async takeOutOfService(endpointName: string, reason: string): Promise<void> {
    await this.#changes.get(endpointName);
    const change = this.#hosts
      .delete(endpointName)
      .then(() => this.#move(endpointName, 'OutOfService', reason));
    this.#changes.set(endpointName, change);
    await change;
  }

  /** A reason that speaks of this applies no longer. */
  forgetFailure(endpointName: string, subject: string): void {
    const endpoint = this.#context.store.endpoints.get(endpointName);
    if (endpoint?.FailureReason?.toLowerCase().includes(subject) !== true) return;
    this.#put({ ...endpoint, FailureReason: undefined });
  }

  /** From now on nothing is written: what hosting's end does to endpoints is not their status. */
  close(): void {
    this.#isClosed = true;
  }

  /** Takes up what an earlier process left: endpoints come back with what they served last. */
  resume(): void {
    for (const endpoint of this.all()) {
      const name = endpoint.EndpointName;
      if (this.#changes.has(name) || endpoint.EndpointStatus === 'Failed') continue;
      const serving = this.#context.store.serving.get(name);
      if (endpoint.EndpointStatus === 'OutOfService') {
        this.onTags(name, serving?.tags);
        continue;
      }
      if (serving === undefined || endpoint.EndpointStatus === 'Deleting') this.#forget(name);
      else this.#takeUp(endpoint, serving);
    }
  }

  #takeUp(endpoint: EndpointRecord, serving: ServingRecord): void {
    const reason = this.reasonToWithhold(serving.config);
    if (reason === undefined) {
      this.#restore(endpoint, serving);
      return;
    }
    this.#move(endpoint.EndpointName, 'OutOfService', reason);
    this.onTags(endpoint.EndpointName, serving.tags);
  }

  #restore(endpoint: EndpointRecord, { config, capacities, tags }: ServingRecord): void {
    const { EndpointName: name, EndpointStatus: before } = endpoint;
    const { EndpointConfigName } = config;
    const isCutShort = before === 'Updating' || before === 'RollingBack';
    this.#put({
      ...endpoint,
      EndpointConfigName,
      EndpointStatus: before === 'Creating' ? 'Creating' : 'SystemUpdating',
      FailureReason: isCutShort
        ? 'The update was cut short by a restart and did not take effect.'
        : undefined,
    });
    this.onTags(name, tags);
    this.#track(name, this.#hosts.create(name, config, capacities), 'Failed');
  }

  #forget(name: string): void {
    if (this.#isClosed) return;
    this.#context.store.endpoints.delete(name);
    this.#context.store.serving.delete(name);
    this.#changes.delete(name);
  }

  #create({ EndpointName: endpointName, EndpointConfigName: configName, Tags: tags }: SdkValues) {
    new Problems().text('endpointName', endpointName, NAME_RULE).throwIfAny();
    const config = findEndpointConfig(this.#context, configName);
    const name = endpointName as string;
    const endpointArn = sagemakerArn(this.#context.place, 'endpoint', name);
    const isTaken = this.all().some((other) => other.EndpointArn === endpointArn);
    if (isTaken) throw invalid(`Cannot create already existing endpoint "${endpointArn}".`);
    const time = now(this.#context);
    this.#context.store.endpoints.put(name, {
      EndpointName: name,
      EndpointArn: endpointArn,
      EndpointConfigName: config.EndpointConfigName,
      EndpointStatus: 'Creating',
      CreationTime: time,
      LastModifiedTime: time,
    });
    this.#context.store.serving.put(name, { config, tags, capacities: [] });
    // A template declares its endpoint at every start, on what may have been rejected meanwhile.
    const isWithheld =
      this.#context.store.endpoints.isDeclared(name) && this.reasonToWithhold(config) !== undefined;
    this.#track(name, this.#hosts.create(name, config), isWithheld ? 'OutOfService' : 'Failed');
    return { EndpointArn: endpointArn };
  }

  #update(input: SdkValues) {
    const endpoint = this.#find(input.EndpointName);
    const config = findEndpointConfig(this.#context, input.EndpointConfigName);
    this.#refuseInProgress(endpoint);
    const deployment = deploymentOf(input, {
      endpoint,
      instances: this.#instancesAfter(input, config),
      minTimeoutSeconds: this.#hosts.settings.minUpdateTimeoutSeconds,
    });
    this.#checkAlarms(deployment);
    const name = endpoint.EndpointName;
    this.#put({ ...endpoint, EndpointStatus: 'Updating', FailureReason: undefined });
    const options = {
      deployment,
      keeps: keptProperties(input),
      onRollback: () => this.#move(name, 'RollingBack'),
    };
    const change = this.#hosts.update(name, config, options).then(() => {
      const current = this.#context.store.endpoints.get(name);
      const EndpointConfigName = config.EndpointConfigName;
      if (current !== undefined)
        this.#put({ ...current, EndpointConfigName, LastDeploymentConfig: deployment });
    });
    // A failed update leaves the fleet that served before in service, and one that was out of service there.
    const isOut = endpoint.EndpointStatus === 'OutOfService';
    this.#track(name, change, this.#hosts.has(name) ? 'InService' : isOut ? 'OutOfService' : 'Failed');
    return { EndpointArn: endpoint.EndpointArn };
  }

  /** How many instances serve after an update to the config. */
  #instancesAfter(input: SdkValues, { ProductionVariants }: EndpointConfigRecord): number {
    const keeps = keptProperties(input).has('DesiredInstanceCount');
    const fleet = keeps ? this.#hosts.live.get(String(input.EndpointName))?.fleet : undefined;
    return ProductionVariants.reduce((sum, { VariantName, InitialInstanceCount }) => {
      const kept = fleet?.variants.find(({ name }) => name === VariantName)?.desiredInstanceCount;
      return sum + (kept ?? InitialInstanceCount ?? 1);
    }, 0);
  }

  /** A roll-back on an alarm that does not exist would never come. @throws AwsError ValidationException */
  #checkAlarms({ AutoRollbackConfiguration }: DeploymentConfig): void {
    for (const { AlarmName } of AutoRollbackConfiguration?.Alarms ?? [])
      if (AlarmName === undefined || this.#hosts.alarmState(AlarmName) === undefined)
        throw invalid(`The CloudWatch alarm "${AlarmName}" of AutoRollbackConfiguration does not exist.`);
  }

  #resize(input: SdkValues) {
    const endpoint = this.#find(input.EndpointName);
    this.#refuseInProgress(endpoint);
    const desired = (input.DesiredWeightsAndCapacities ?? []) as DesiredCapacity[];
    const name = endpoint.EndpointName;
    const known = this.#hosts.live.get(name)?.fleet.all.map((variant) => variant.name) ?? [];
    const stranger = desired.find(({ VariantName }) => !known.includes(VariantName));
    if (stranger !== undefined)
      throw invalid(
        `The variant name(s) "${stranger.VariantName}" is/are not present within endpoint configuration "${endpoint.EndpointConfigName}".`,
      );
    this.#put({ ...endpoint, EndpointStatus: 'Updating' });
    this.#track(name, this.#hosts.setWeightsAndCapacities(name, desired), 'InService');
    return { EndpointArn: endpoint.EndpointArn };
  }

  #delete(endpointName: unknown) {
    const endpoint = this.#find(endpointName);
    this.#refuseInProgress(endpoint);
    const name = endpoint.EndpointName;
    const components = this.componentsAt(name);
    if (components.length > 0)
      throw invalid(
        `Cannot delete endpoint "${endpoint.EndpointArn}": it hosts the inference components ${components.join(', ')}.`,
      );
    this.#put({ ...endpoint, EndpointStatus: 'Deleting' });
    const change = this.#hosts.delete(name).then(() => this.#forget(name));
    this.#changes.set(name, change);
    return {};
  }

  #describe(endpoint: EndpointRecord) {
    const live = this.#hosts.live.get(endpoint.EndpointName);
    if (live === undefined) return { ...endpoint };
    const { fleet, pending } = live;
    const { AsyncInferenceConfig, DataCaptureConfig } = fleet.config;
    return {
      ...endpoint,
      ProductionVariants: fleet.variants.map((variant) => summarise(variant, endpoint)),
      ...(fleet.shadows.length === 0
        ? {}
        : { ShadowProductionVariants: fleet.shadows.map((variant) => summarise(variant, endpoint)) }),
      ...(pending === undefined ? {} : { PendingDeploymentSummary: pendingSummary(pending, endpoint) }),
      ...(AsyncInferenceConfig === undefined ? {} : { AsyncInferenceConfig }),
      ...(DataCaptureConfig === undefined ? {} : { DataCaptureConfig: captureSummary(DataCaptureConfig) }),
    };
  }

  #list(input: Record<string, unknown>) {
    const { items, ...rest } = page(input, {
      items: this.#context.store.endpoints.values(),
      name: (endpoint) => endpoint.EndpointName,
      created: (endpoint) => endpoint.CreationTime,
      modified: (endpoint) => endpoint.LastModifiedTime,
      status: (endpoint) => endpoint.EndpointStatus,
    });
    const Endpoints = items.map((endpoint) => ({
      EndpointName: endpoint.EndpointName,
      EndpointArn: endpoint.EndpointArn,
      CreationTime: endpoint.CreationTime,
      LastModifiedTime: endpoint.LastModifiedTime,
      EndpointStatus: endpoint.EndpointStatus,
    }));
    return { Endpoints, ...rest };
  }

  /** Moves the record to InService, or to what a failure leaves, when the change is through. */
  #track(name: string, change: Promise<unknown>, statusAfterFailure: EndpointStatus): void {
    const done = change.then(
      () => {
        this.#move(name, 'InService');
        this.#keepServing(name);
      },
      (error: Error) => this.#move(name, statusAfterFailure, error.message),
    );
    this.#changes.set(name, done);
  }

  /** What serves now is what comes back after a restart. */
  #keepServing(name: string): void {
    const { serving } = this.#context.store;
    const fleet = this.#hosts.live.get(name)?.fleet;
    if (fleet === undefined || this.#isClosed) return;
    const capacities = fleet.all.map(({ name: VariantName, weight, desiredInstanceCount }) => ({
      VariantName,
      DesiredWeight: weight,
      DesiredInstanceCount: desiredInstanceCount,
    }));
    serving.put(name, { ...serving.get(name), config: fleet.config, capacities });
  }

  #move(name: string, status: EndpointStatus, failureReason?: string): void {
    if (this.#isClosed) return;
    const endpoint = this.#context.store.endpoints.get(name);
    if (endpoint === undefined) return;
    const reason = failureReason === undefined ? {} : { FailureReason: failureReason };
    this.#put({ ...endpoint, EndpointStatus: status, ...reason });
  }

  #put(endpoint: EndpointRecord): void {
    const record = { ...endpoint, LastModifiedTime: now(this.#context) };
    this.#context.store.endpoints.put(endpoint.EndpointName, record);
  }

  #refuseInProgress(endpoint: EndpointRecord): void {
    if (!IN_PROGRESS.has(endpoint.EndpointStatus)) return;
    throw invalid(`Cannot update in-progress endpoint "${endpoint.EndpointArn}".`);
  }

  #find(name: unknown): EndpointRecord {
    new Problems().text('endpointName', name, NAME_RULE).throwIfAny();
    const endpoint = this.#context.store.endpoints.get(name as string);
    if (endpoint !== undefined) return endpoint;
    const endpointArn = sagemakerArn(this.#context.place, 'endpoint', name as string);
    throw invalid(`Could not find endpoint "${endpointArn}".`);
  }
}

const IN_PROGRESS: ReadonlySet<EndpointStatus> = new Set([
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'Deleting',
]);
