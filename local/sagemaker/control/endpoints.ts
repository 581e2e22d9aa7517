// CreateEndpoint, DescribeEndpoint, ListEndpoints, UpdateEndpoint, DeleteEndpoint: the records and their statuses;
// the work behind them is hosting's.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html
import type { SdkOperations } from '../../service.ts';
import type { Hosts } from '../hosting/hosts.ts';
import { type ControlContext, now, sagemakerArn } from './context.ts';
import { findEndpointConfig } from './endpoint-configs.ts';
import { page } from './page.ts';
import { invalid, NAME_RULE, Problems } from './problems.ts';
import type { EndpointRecord, EndpointStatus } from './records.ts';

/** The operations, and what the process wants to know about its endpoints. */
export class Endpoints {
  readonly operations: SdkOperations;
  readonly #context: ControlContext;
  readonly #hosts: Hosts;
  readonly #changes = new Map<string, Promise<void>>();

  constructor(context: ControlContext, hosts: Hosts) {
    this.#context = context;
    this.#hosts = hosts;
    this.operations = {
      createEndpoint: async (input) => this.#create(input.EndpointName, input.EndpointConfigName),
      describeEndpoint: async (input) => this.#describe(this.#find(input.EndpointName)),
      listEndpoints: async (input) => this.#list(input),
      updateEndpoint: async (input) => this.#update(input.EndpointName, input.EndpointConfigName),
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

  #create(endpointName: unknown, configName: unknown) {
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
    this.#track(name, this.#hosts.create(name, config), 'Failed');
    return { EndpointArn: endpointArn };
  }

  #update(endpointName: unknown, configName: unknown) {
    const endpoint = this.#find(endpointName);
    const config = findEndpointConfig(this.#context, configName);
    this.#refuseInProgress(endpoint);
    const name = endpoint.EndpointName;
    const { FailureReason: _reason, ...rest } = endpoint;
    this.#put({ ...rest, EndpointStatus: 'Updating' });
    const change = this.#hosts.update(name, config).then(() => {
      const current = this.#context.store.endpoints.get(name);
      if (current !== undefined) this.#put({ ...current, EndpointConfigName: config.EndpointConfigName });
    });
    // A failed update leaves the fleet that served before in service.
    this.#track(name, change, this.#hosts.has(name) ? 'InService' : 'Failed');
    return { EndpointArn: endpoint.EndpointArn };
  }

  #delete(endpointName: unknown) {
    const endpoint = this.#find(endpointName);
    this.#refuseInProgress(endpoint);
    const name = endpoint.EndpointName;
    this.#put({ ...endpoint, EndpointStatus: 'Deleting' });
    const change = this.#hosts.delete(name).then(() => {
      this.#context.store.endpoints.delete(name);
      this.#changes.delete(name);
    });
    this.#changes.set(name, change);
    return {};
  }

  #describe(endpoint: EndpointRecord) {
    const variants = this.#hosts.describe(endpoint.EndpointName);
    return { ...endpoint, ...(variants.length === 0 ? {} : { ProductionVariants: variants }) };
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
      () => this.#move(name, 'InService'),
      (error: Error) => this.#move(name, statusAfterFailure, error.message),
    );
    this.#changes.set(name, done);
  }

  #move(name: string, status: EndpointStatus, failureReason?: string): void {
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
    if (!['Creating', 'Updating', 'RollingBack', 'Deleting'].includes(endpoint.EndpointStatus)) return;
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
