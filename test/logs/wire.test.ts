// CloudWatch Logs over the wire, through the official client.
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
  paginateDescribeLogStreams,
  paginateFilterLogEvents,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openShelf, type Shelf, START_MS } from './shelf.ts';

let shelf: Shelf;
beforeEach(async () => {
  shelf = await openShelf();
});
afterEach(() => shelf.close());

const GROUP = '/aws/lambda/subject';

function writeNumbers(count: number, stream = 's'): void {
  const events = Array.from({ length: count }, (_, index) => ({
    timestamp: START_MS + index,
    message: `event ${index}`,
  }));
  shelf.logs.write(GROUP, stream, events);
}

describe('groups and streams', () => {
  it('creates, describes, tags and deletes a group', async () => {
    const { client } = shelf;
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP, tags: { a: '1' } }));
    await client.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 7 }));

    const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/' }));
    expect(logGroups).toEqual([
      expect.objectContaining({
        logGroupName: GROUP,
        creationTime: START_MS,
        retentionInDays: 7,
        arn: `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}:*`,
      }),
    ]);
    const resourceArn = logGroups?.[0]?.logGroupArn;
    await client.send(new TagResourceCommand({ resourceArn, tags: { b: '2' } }));
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
    expect(tags).toEqual({ a: '1', b: '2' });
    await client.send(new DeleteLogGroupCommand({ logGroupName: GROUP }));
    expect((await client.send(new DescribeLogGroupsCommand({}))).logGroups).toEqual([]);
  });

  it('lists streams by name, or by the time of their last event, in pages', async () => {
    const { client, logs, clock } = shelf;
    for (let number = 0; number < 60; number++)
      logs.write(GROUP, `s${String(number).padStart(2, '0')}`, [
        { timestamp: clock.now() - number, message: 'x' },
      ]);

    const names: (string | undefined)[] = [];
    for await (const page of paginateDescribeLogStreams({ client }, { logGroupName: GROUP }))
      names.push(...(page.logStreams ?? []).map((stream) => stream.logStreamName));
    const latest = await client.send(
      new DescribeLogStreamsCommand({
        logGroupName: GROUP,
        orderBy: 'LastEventTime',
        descending: true,
        limit: 2,
      }),
    );
    const next = await client.send(
      new DescribeLogStreamsCommand({
        logGroupName: GROUP,
        orderBy: 'LastEventTime',
        descending: true,
        limit: 1,
        nextToken: latest.nextToken,
      }),
    );

    expect(names).toEqual(Array.from({ length: 60 }, (_, number) => `s${String(number).padStart(2, '0')}`));
    expect(latest.logStreams?.map((stream) => stream.logStreamName)).toEqual(['s00', 's01']);
    expect(latest.logStreams?.[0]).toMatchObject({
      firstEventTimestamp: START_MS,
      lastEventTimestamp: START_MS,
    });
    expect(next.logStreams?.map((stream) => stream.logStreamName)).toEqual(['s02']);
  });

  it('hides a deleted stream, and shows one of the same name that is made after it', async () => {
    const { client } = shelf;
    writeNumbers(3);
    writeNumbers(1, 'other');
    await client.send(new DeleteLogStreamCommand({ logGroupName: GROUP, logStreamName: 's' }));

    const streams = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP }));
    const events = await client.send(new FilterLogEventsCommand({ logGroupName: GROUP }));
    expect(streams.logStreams?.map((stream) => stream.logStreamName)).toEqual(['other']);
    expect(events.events?.map((event) => event.logStreamName)).toEqual(['other']);

    shelf.logs.write(GROUP, 's', [{ timestamp: START_MS + 9, message: 'again' }]);
    const after = await client.send(new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: 's' }));
    expect(after.events?.map((event) => event.message)).toEqual(['again']);
  });

  it.each([
    [
      'a group twice',
      () => new CreateLogGroupCommand({ logGroupName: GROUP }),
      'ResourceAlreadyExistsException',
    ],
    [
      'a group with a bad name',
      () => new CreateLogGroupCommand({ logGroupName: 'a b' }),
      'InvalidParameterException',
    ],
    [
      'a stream twice',
      () => new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 's' }),
      'ResourceAlreadyExistsException',
    ],
    [
      'a stream with a colon',
      () => new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 'a:b' }),
      'InvalidParameterException',
    ],
    [
      'a retention of 2 days',
      () => new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 2 }),
      'InvalidParameterException',
    ],
    [
      'events for a stream that is not there',
      () =>
        new PutLogEventsCommand({
          logGroupName: GROUP,
          logStreamName: 'no',
          logEvents: [{ timestamp: START_MS, message: 'x' }],
        }),
      'ResourceNotFoundException',
    ],
    [
      'events out of order',
      () =>
        new PutLogEventsCommand({
          logGroupName: GROUP,
          logStreamName: 's',
          logEvents: [
            { timestamp: START_MS, message: 'x' },
            { timestamp: START_MS - 1, message: 'y' },
          ],
        }),
      'InvalidParameterException',
    ],
    [
      'reading a group that is not there',
      () => new FilterLogEventsCommand({ logGroupName: '/no' }),
      'ResourceNotFoundException',
    ],
    [
      'a bad filter pattern',
      () => new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: '{ $.a = }' }),
      'InvalidParameterException',
    ],
  ])('refuses %s', async (_what, command, name) => {
    await shelf.client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    await shelf.client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 's' }));

    await expect(shelf.client.send(command() as CreateLogGroupCommand)).rejects.toMatchObject({ name });
  });
});

describe('events', () => {
  it('puts and gets events, unflushed as they are', async () => {
    const { client } = shelf;
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 's' }));
    const logEvents = [
      { timestamp: START_MS - 5, message: 'first\n\tof two lines\n' },
      { timestamp: START_MS, message: 'second €' },
    ];

    await client.send(new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: 's', logEvents }));
    const { events } = await client.send(
      new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: 's' }),
    );

    expect(events).toEqual(logEvents.map((event) => ({ ...event, ingestionTime: START_MS })));
  });

  it('leaves out what is too old or too new, and says so', async () => {
    const { client } = shelf;
    await client.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    await client.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 's' }));
    const day = 86_400_000;

    const output = await client.send(
      new PutLogEventsCommand({
        logGroupName: GROUP,
        logStreamName: 's',
        logEvents: [START_MS - 15 * day, START_MS, START_MS + day].map((timestamp) => ({
          timestamp,
          message: 'x',
        })),
      }),
    );

    expect(output.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 2 });
    const { events } = await client.send(
      new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: 's' }),
    );
    expect(events?.map((event) => event.timestamp)).toEqual([START_MS]);
  });

  it('walks a stream forwards from its head and back again by tokens', async () => {
    const { client } = shelf;
    writeNumbers(25);
    const at = { logGroupName: GROUP, logStreamName: 's', limit: 10 };
    const numbers = (events: readonly { message?: string }[] | undefined) =>
      (events ?? []).map((event) => Number(event.message?.slice(6)));
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

    const first = await client.send(new GetLogEventsCommand({ ...at, startFromHead: true }));
    const second = await client.send(new GetLogEventsCommand({ ...at, nextToken: first.nextForwardToken }));
    const third = await client.send(new GetLogEventsCommand({ ...at, nextToken: second.nextForwardToken }));
    const end = await client.send(new GetLogEventsCommand({ ...at, nextToken: third.nextForwardToken }));
    const back = await client.send(new GetLogEventsCommand({ ...at, nextToken: third.nextBackwardToken }));
    const latest = await client.send(new GetLogEventsCommand(at));

    expect([first, second, third, end, back, latest].map((page) => numbers(page.events))).toEqual([
      range(0, 10),
      range(10, 20),
      range(20, 25),
      [],
      range(10, 20),
      range(15, 25),
    ]);
    expect(end.nextForwardToken).toBe(third.nextForwardToken);
    writeNumbers(0);
    shelf.logs.write(GROUP, 's', [{ timestamp: START_MS + 99, message: 'event 99' }]);
    const more = await client.send(new GetLogEventsCommand({ ...at, nextToken: end.nextForwardToken }));
    expect(numbers(more.events)).toEqual([99]);
  });

  it('merges streams in order of time, in pages', async () => {
    const { client, logs } = shelf;
    for (let number = 0; number < 100; number++)
      logs.write(GROUP, `s${number % 7}`, [
        { timestamp: START_MS + ((number * 37) % 100), message: `${number}` },
      ]);

    const times: (number | undefined)[] = [];
    const ids = new Set<string | undefined>();
    for await (const page of paginateFilterLogEvents({ client, pageSize: 9 }, { logGroupName: GROUP })) {
      expect(page.events?.length).toBeLessThanOrEqual(9);
      for (const event of page.events ?? []) {
        times.push(event.timestamp);
        ids.add(event.eventId);
      }
    }

    expect(times).toEqual(Array.from({ length: 100 }, (_, index) => START_MS + index));
    expect(ids.size).toBe(100);
  });

  it.each([
    ['a time range, its end included', { startTime: START_MS + 2, endTime: START_MS + 4 }, [2, 3, 4]],
    ['a pattern', { filterPattern: '"event 1" -10 -12' }, [1, 11]],
    ['a stream prefix', { logStreamNamePrefix: 'oth' }, [0, 1]],
    ['names of streams', { logStreamNames: ['other'] }, [0, 1]],
    ['a limit', { limit: 1, startTime: START_MS + 5 }, [5]],
  ])('searches by %s', async (_what, input, expected) => {
    writeNumbers(13);
    writeNumbers(2, 'other');

    const { events } = await shelf.client.send(new FilterLogEventsCommand({ logGroupName: GROUP, ...input }));

    const found = new Set((events ?? []).map((event) => Number(event.message?.slice(6))));
    expect([...found]).toEqual(expected);
  });

  it('finds a group by its ARN', async () => {
    writeNumbers(1);

    const { events } = await shelf.client.send(
      new FilterLogEventsCommand({
        logGroupIdentifier: `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`,
      }),
    );

    expect(events).toHaveLength(1);
  });
});
