// Operations on log groups and streams. Names, limits and texts:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html
import { type AwsPlace, arn, type SdkOperations, type SdkValues } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { LogGroup } from './group.ts';
import { checkStreamName, groupName, newGroupName, optionalText, requiredText } from './input.ts';
import { paginate } from './pages.ts';
import type { LogStore } from './store.ts';
import { listStreams } from './streams.ts';

interface Parts {
  readonly store: LogStore;
  readonly place: AwsPlace;
  readonly now: () => number;
}

const MAX_PAGE = 50;

export function groupOperations(parts: Parts): SdkOperations {
  const { store } = parts;
  return {
    createLogGroup: async (input) => createLogGroup(store, input),
    deleteLogGroup: async (input) => {
      store.deleteGroup(groupName(input));
      return {};
    },
    describeLogGroups: async (input) => describeLogGroups(parts, input),
    putRetentionPolicy: async (input) =>
      change(store.group(groupName(input)), { retentionInDays: retentionDays(input) }),
    deleteRetentionPolicy: async (input) =>
      change(store.group(groupName(input)), { retentionInDays: undefined }),
    createLogStream: async (input) => createLogStream(parts, input),
    deleteLogStream: async (input) => deleteLogStream(store, input),
    describeLogStreams: async (input) => describeLogStreams(parts, input),
    tagResource: async (input) => tag(resource(store, input), input.tags as Record<string, string>),
    untagResource: async (input) => untag(resource(store, input), input.tagKeys as string[]),
    listTagsForResource: async (input) => ({ tags: resource(store, input).settings.tags }),
  };
}

function createLogGroup(store: LogStore, input: SdkValues): SdkValues {
  const name = newGroupName(input);
  if (store.has(name))
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
  const group = store.ensureGroup(name);
  return input.tags === undefined ? {} : tag(group, input.tags as Record<string, string>);
}

function change(group: LogGroup, settings: { retentionInDays: number | undefined }): SdkValues {
  group.settings = { ...group.settings, ...settings };
  group.save();
  return {};
}

/** The values that CloudWatch Logs takes. */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

function retentionDays(input: SdkValues): number {
  const days = Number(input.retentionInDays);
  if (RETENTION_DAYS.includes(days)) return days;
  throw new AwsError(
    'InvalidParameterException',
    `1 validation error detected: Value '${String(input.retentionInDays)}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${RETENTION_DAYS.join(', ')}]`,
  );
}

function describeLogGroups({ store, place }: Parts, input: SdkValues): SdkValues {
  const prefix = optionalText(input, 'logGroupNamePrefix') ?? '';
  const pattern = optionalText(input, 'logGroupNamePattern') ?? '';
  const matching = store
    .groups()
    .filter(({ settings }) => settings.name.startsWith(prefix) && settings.name.includes(pattern));
  const { page, nextToken } = paginate(matching, input, {
    max: MAX_PAGE,
    key: (group) => group.settings.name,
  });
  return { logGroups: page.map((group) => describeGroup(place, group)), nextToken };
}

function describeGroup(place: AwsPlace, group: LogGroup): SdkValues {
  const { name, createdMs, retentionInDays } = group.settings;
  const logGroupArn = arn(place, 'logs', `log-group:${name}`);
  return {
    logGroupName: name,
    creationTime: createdMs,
    ...(retentionInDays === undefined ? {} : { retentionInDays }),
    metricFilterCount: 0,
    arn: `${logGroupArn}:*`,
    storedBytes: group.storedBytes,
    logGroupClass: 'STANDARD',
    logGroupArn,
  };
}

function createLogStream({ store, now }: Parts, input: SdkValues): SdkValues {
  const group = store.group(groupName(input));
  const name = checkStreamName(requiredText(input, 'logStreamName'));
  if (listStreams(group).some((stream) => stream.name === name))
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
  group.createStream(name, now());
  return {};
}

function deleteLogStream(store: LogStore, input: SdkValues): SdkValues {
  const group = store.group(groupName(input));
  const name = requiredText(input, 'logStreamName');
  if (!listStreams(group).some((stream) => stream.name === name)) throw streamMissing();
  group.deleteStream(name);
  return {};
}

export function streamMissing(): AwsError {
  return new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
}

function describeLogStreams({ store, place }: Parts, input: SdkValues): SdkValues {
  const group = store.group(groupName(input));
  const prefix = optionalText(input, 'logStreamNamePrefix') ?? '';
  const byTime = input.orderBy === 'LastEventTime';
  if (byTime && prefix !== '')
    throw new AwsError(
      'InvalidParameterException',
      'Cannot order by LastEventTime with a logStreamNamePrefix.',
    );
  const key = byTime
    ? (stream: { name: string; lastMs: number | undefined }) =>
        `${String(stream.lastMs ?? 0).padStart(14, '0')} ${stream.name}`
    : (stream: { name: string }) => stream.name;
  const matching = listStreams(group)
    .filter((stream) => stream.name.startsWith(prefix))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  if (input.descending === true) matching.reverse();
  const { page, nextToken } = paginate(matching, input, { max: MAX_PAGE, key });
  return {
    logStreams: page.map((stream) => ({
      logStreamName: stream.name,
      creationTime: stream.createdMs,
      firstEventTimestamp: stream.firstMs,
      lastEventTimestamp: stream.lastMs,
      lastIngestionTime: stream.lastStoredMs,
      uploadSequenceToken: '1',
      arn: arn(place, 'logs', `log-group:${group.settings.name}:log-stream:${stream.name}`),
      storedBytes: 0,
    })),
    nextToken,
  };
}

/** The group that a tagging call's ARN names. */
function resource(store: LogStore, input: SdkValues): LogGroup {
  return store.group(groupName({ logGroupIdentifier: requiredText(input, 'resourceArn') }));
}

function tag(group: LogGroup, tags: Readonly<Record<string, string>>): SdkValues {
  group.settings = { ...group.settings, tags: { ...group.settings.tags, ...tags } };
  group.save();
  return {};
}

function untag(group: LogGroup, keys: readonly string[]): SdkValues {
  const kept = Object.entries(group.settings.tags).filter(([key]) => !keys.includes(key));
  group.settings = { ...group.settings, tags: Object.fromEntries(kept) };
  group.save();
  return {};
}
