// A small system to boot templates into: the real services of `local/`, in a folder that is thrown away.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClosers } from '../../local/boot/closers.ts';
import { nothingBuilt, type World } from '../../local/boot/resources/resource-type.ts';
import { createServices } from '../../local/boot/services.ts';
import { createStack, planStack, type Stack } from '../../local/boot/stack.ts';
import { openStateFolder } from '../../local/boot/state-folder.ts';
import { parseTemplate } from '../../local/boot/template/model.ts';
import { DEFAULT_PLACE } from '../../local/service.ts';

export interface SmallSystem {
  /** Also the project folder. */
  readonly folder: string;
  readonly world: World;
  boot(resources: object, outputs?: Record<string, unknown>): Promise<Stack>;
  close(): Promise<void>;
}

/** @param images what `images.json` of the project holds, if there is to be one */
export async function startSmallSystem(images?: object): Promise<SmallSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'seriatim-boot-'));
  if (images !== undefined) await writeFile(join(folder, 'images.json'), JSON.stringify(images));
  const closers = createClosers();
  const state = openStateFolder(join(folder, 'state'));
  closers.add('state', () => state.release());
  const place = DEFAULT_PLACE;
  const built = nothingBuilt();
  const { subscriptions } = built;
  const awsEndpoint = 'http://127.0.0.1:9';
  const options = { place, projectFolder: folder, state, awsEndpoint, closers, subscriptions };
  const world: World = {
    place,
    stackName: 'shop-dev',
    projectFolder: folder,
    inlineCodeFolder: state.inlineCodeFolder,
    services: await createServices(options),
    httpApiUrl: 'http://127.0.0.1:3000',
    built,
  };
  return {
    folder,
    world,
    boot(resources, outputs = {}) {
      const values = Object.entries(outputs).map(([id, Value]) => [id, { Value }]);
      const template = parseTemplate(
        JSON.stringify({ Resources: resources, Outputs: Object.fromEntries(values) }),
      );
      return createStack(planStack(template, world), world);
    },
    async close() {
      await closers.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export const getAtt = (name: string): object => ({ 'Fn::GetAtt': name });

export const ROLE = { Type: 'AWS::IAM::Role', Properties: {} };

export const inlineFunction = (code: string, more: object = {}): object => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: getAtt('Role.Arn'),
    Code: { ZipFile: code },
    ...more,
  },
});
