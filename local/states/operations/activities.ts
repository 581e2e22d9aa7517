// Activities, and what workers and callbacks send: CreateActivity, GetActivityTask, SendTaskSuccess and their like.
import { arn as arnOf, type SdkCallOptions, type SdkOperations, type SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import { exceedsBytes } from '../json/text.ts';
import { MAX_PAYLOAD_BYTES } from '../run/limits.ts';
import { constraint } from './api-errors.ts';
import {
  boundedText,
  MAX_CAUSE,
  MAX_ERROR,
  optionalText,
  pageOf,
  readPage,
  requiredArn,
  requiredText,
} from './input.ts';
import { checkName } from './names.ts';
import { tagsOf } from './tags.ts';
import type { World } from './world.ts';

export function activityOperations(world: World): SdkOperations {
  return {
    createActivity: async (input) => create(world, input),
    deleteActivity: async (input) => remove(world, input),
    describeActivity: async (input) => describe(world, input),
    listActivities: async (input) => list(world, input),
    getActivityTask: (input, options) => getTask(world, input, options),
    sendTaskSuccess: async (input) => {
      const token = await readToken(world, input);
      world.tokens.succeed(token, taskOutput(input));
      await whenTaken(world);
      return {};
    },
    sendTaskFailure: async (input) => {
      const token = await readToken(world, input);
      const error = boundedText(input, 'error', MAX_ERROR);
      world.tokens.fail(token, error, boundedText(input, 'cause', MAX_CAUSE));
      await whenTaken(world);
      return {};
    },
    sendTaskHeartbeat: async (input) => {
      world.tokens.heartbeat(await readToken(world, input));
      return {};
    },
  };
}

/** Whoever answers before the execution has gone on after a restart waits for that. */
async function readToken({ tokens }: World, input: SdkValues): Promise<string> {
  const token = requiredText(input, 'taskToken');
  await tokens.arrival(token);
  return token;
}

/** @throws AwsError ValidationException for one that is too long: the task goes on waiting */
function taskOutput(input: SdkValues): string {
  const output = requiredText(input, 'output');
  if (!exceedsBytes(output, MAX_PAYLOAD_BYTES)) return output;
  // The answer need not repeat it all.
  const shown = `${output.slice(0, 100)}...`;
  throw constraint(shown, 'output', `have length less than or equal to ${MAX_PAYLOAD_BYTES}`);
}

/** The task that waited has gone on, and that is safe: the caller will not send its answer again. */
async function whenTaken({ journal }: World): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await journal.whenFlushed();
}

function create(world: World, input: SdkValues): SdkValues {
  const name = requiredText(input, 'name');
  checkName(name);
  const arn = arnOf(world.place, 'states', `activity:${name}`);
  const existing = world.shelves.activities.get(arn);
  const activity = existing ?? {
    arn,
    name,
    createdMs: world.clock.now(),
    tags: tagsOf(input.tags),
    encryption: input.encryptionConfiguration ?? { type: 'AWS_OWNED_KEY' },
  };
  if (existing === undefined) world.shelves.activities.put(arn, activity);
  return { activityArn: arn, creationDate: new Date(activity.createdMs) };
}

function remove(world: World, input: SdkValues): SdkValues {
  world.shelves.activities.delete(requiredArn(input, 'activityArn'));
  return {};
}

function describe(world: World, input: SdkValues): SdkValues {
  const activity = find(world, input);
  return {
    activityArn: activity.arn,
    name: activity.name,
    creationDate: new Date(activity.createdMs),
    encryptionConfiguration: activity.encryption,
  };
}

function find(
  world: World,
  input: SdkValues,
): NonNullable<ReturnType<World['shelves']['activities']['get']>> {
  const arn = requiredArn(input, 'activityArn');
  const activity = world.shelves.activities.get(arn);
  if (activity === undefined) throw new AwsError('ActivityDoesNotExist', `Activity Does Not Exist: '${arn}'`);
  return activity;
}

function list(world: World, input: SdkValues): SdkValues {
  const { items, ...next } = pageOf(world.shelves.activities.values(), readPage(input), {
    of: 'activities',
    msOf: (activity) => activity.createdMs,
  });
  return {
    activities: items.map((activity) => ({
      activityArn: activity.arn,
      name: activity.name,
      creationDate: new Date(activity.createdMs),
    })),
    ...next,
  };
}

async function getTask(world: World, input: SdkValues, options?: SdkCallOptions): Promise<SdkValues> {
  const activity = find(world, input);
  const task = await world.workers.take(activity.arn, optionalText(input, 'workerName'), options?.signal);
  // That the task is this worker's is known before the worker knows it.
  if (task !== undefined) await world.journal.whenFlushed();
  return task === undefined ? {} : { taskToken: task.token, input: task.input };
}
