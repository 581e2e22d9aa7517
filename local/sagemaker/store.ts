// What the control plane keeps, as collections of plain records by name. Held in memory here; a collection is small
// enough a contract that a database table can stand behind it without its callers knowing.
import type { EndpointConfigRecord, EndpointRecord, ModelRecord } from './control/records.ts';

/** Records by name; a record is replaced whole, never changed in place. */
export interface Collection<Item> {
  get(name: string): Item | undefined;
  put(name: string, item: Item): void;
  delete(name: string): boolean;
  values(): Iterable<Item>;
}

export interface ControlStore {
  readonly models: Collection<ModelRecord>;
  readonly endpointConfigs: Collection<EndpointConfigRecord>;
  readonly endpoints: Collection<EndpointRecord>;
}

export function memoryStore(): ControlStore {
  return { models: memoryCollection(), endpointConfigs: memoryCollection(), endpoints: memoryCollection() };
}

export function memoryCollection<Item>(): Collection<Item> {
  const items = new Map<string, Item>();
  return {
    get: (name) => items.get(name),
    put: (name, item) => void items.set(name, item),
    delete: (name) => items.delete(name),
    values: () => items.values(),
  };
}
