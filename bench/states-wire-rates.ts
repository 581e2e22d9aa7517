// Executions over the wire at 1 and 8 clients, beside a floor: the cheapest answer of the same server.
import { startChild } from './child.ts';
import { CHAIN, FUNCTIONS, machineOf } from './states-definitions.ts';
import { rateOf } from './states-engine.ts';
import { WireCaller } from './states-wire.ts';

const COUNT = 4_000;

export async function wire(): Promise<void> {
  const server = startChild('./states-server.ts');
  try {
    const { port } = await server.next<{ port: number }>();
    const cpu = async (): Promise<number> => {
      server.tell('cpu');
      return (await server.next<{ cpuMs: number }>()).cpuMs;
    };
    await floor(port, cpu);
    for (const [what, definition] of [['chain of 5', CHAIN] as const, ['3 functions', FUNCTIONS] as const]) {
      for (const type of ['EXPRESS', 'STANDARD'] as const) await rates(port, cpu, { what, definition, type });
    }
  } finally {
    await server.close();
  }
}

type Cpu = () => Promise<number>;

/** DescribeStateMachine: a request and an answer, and hardly any work between. */
async function floor(port: number, cpu: Cpu): Promise<void> {
  const caller = await WireCaller.open(port);
  const { stateMachineArn } = await caller.call('CreateStateMachine', machineOf('floor', CHAIN));
  caller.close();
  await measured(port, cpu, {
    what: 'DescribeStateMachine',
    one: async (each) => void (await each.call('DescribeStateMachine', { stateMachineArn })),
  });
}

async function rates(
  port: number,
  cpu: Cpu,
  { what, definition, type }: { what: string; definition: object; type: 'EXPRESS' | 'STANDARD' },
): Promise<void> {
  const caller = await WireCaller.open(port);
  const name = `${type}-${what.replaceAll(' ', '-')}`;
  const answer = await caller.call('CreateStateMachine', machineOf(name, definition, type));
  caller.close();
  const arn = String(answer.stateMachineArn);
  await measured(port, cpu, {
    what: `${what}, ${type === 'EXPRESS' ? 'Express' : 'Standard'}`,
    one: (each, n) => (type === 'EXPRESS' ? each.runExpress(arn, n) : each.runStandard(arn, n)),
  });
}

async function measured(
  port: number,
  cpu: Cpu,
  { what, one }: { what: string; one: (caller: WireCaller, n: number) => Promise<void> },
): Promise<void> {
  for (const clients of [1, 8]) {
    const callers = await Promise.all(Array.from({ length: clients }, () => WireCaller.open(port)));
    const free = [...callers];
    const each = async (n: number): Promise<void> => {
      const caller = free.pop()!;
      await one(caller, n);
      free.push(caller);
    };
    await rateOf(each, { count: COUNT / 2, atOnce: clients });
    const beforeMs = await cpu();
    const rate = await rateOf(each, { count: COUNT, atOnce: clients });
    const serverUs = (((await cpu()) - beforeMs) / COUNT) * 1000;
    for (const caller of callers) caller.close();
    console.log(
      `${what.padEnd(24)} ${clients} clients ${rate.perSecond.toFixed(0).padStart(6)}/s  p50 ${rate.p50Ms.toFixed(3)} ms  ${serverUs.toFixed(0).padStart(4)} µs of the server's processor each`,
    );
  }
}
