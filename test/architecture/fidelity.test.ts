// docs/fidelity.md names every operation that is served: what is not in it is not known to users.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClosers } from '../../local/boot/closers.ts';
import { createServices, wireServices } from '../../local/boot/services.ts';
import { openStateFolder } from '../../local/boot/state-folder.ts';
import { DEFAULT_PLACE, type SdkOperations } from '../../local/service.ts';
import { ROOT, read } from './sources.ts';

const stateFolder = mkdtempSync(join(tmpdir(), 'seriatim-fidelity-'));
const closers = createClosers();
let served: { service: string; operation: string }[];

beforeAll(async () => {
  const state = openStateFolder(stateFolder);
  const awsEndpoint = 'http://127.0.0.1:1';
  const services = await createServices({
    place: DEFAULT_PLACE,
    projectFolder: ROOT,
    state,
    awsEndpoint,
    closers,
  });
  served = wireServices(services).flatMap((service) => {
    const { operations } = service as { operations?: SdkOperations };
    return Object.keys(operations ?? {}).map((operation) => ({ service: service.name, operation }));
  });
});
afterAll(async () => {
  await closers.close();
  rmSync(stateFolder, { recursive: true, force: true });
});

describe('docs/fidelity.md', () => {
  const named = [...read('docs/fidelity.md').matchAll(/`(…?)([A-Z][A-Za-z0-9]+)`/g)];
  const isNamed = (operation: string): boolean =>
    named.some(([, isEnding, name]) => (isEnding === '' ? operation === name : operation.endsWith(name!)));

  it('has a row for every operation', () => {
    const missing = served.filter(
      ({ operation }) => !isNamed(operation[0]!.toUpperCase() + operation.slice(1)),
    );

    expect(served.length).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });
});
