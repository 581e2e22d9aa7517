// Executions over the wire at 1 and 8 clients, beside a floor: the cheapest answer of the same server.
import { startChild } from './child.ts';
import { CHAIN, FUNCTIONS, machineOf } from './states-definitions.ts';
import { rateOf } from './states-engine.ts';
import {
  LEAST_TIMES_EMULATOR,
  MOST_START_TO_END_MS,
  MOST_TIMES_EXPRESS,
  PEER,
  target,
} from './states-targets.ts';
import { WireCaller } from './states-wire.ts';

const COUNT = 4_000;
const CLIENTS = [1, 8] as const;

export async function wire(): Promise<void> {
  const server = startChild('./states-server.ts');
  try {
    const { port } = await server.next<{ port: number }>();
    const cpu = async (): Promise<number> => {
      server.tell('cpu');
      return (await server.next<{ cpuMs: number }>()).cpuMs;
    };
    await floor(port, cpu);
    for (const { what, definition, emulator } of DEFINITIONS) {
      const express = await rates(port, cpu, { what, definition, type: 'EXPRESS' });
      const standard = await rates(port, cpu, { what, definition, type: 'STANDARD' });
      targets(express, standard, emulator);
    }
  } finally {
    await server.close();
  }
}

const DEFINITIONS = [
  { what: 'chain of 5', definition: CHAIN, emulator: PEER.wireChain },
  { what: '3 functions', definition: FUNCTIONS, emulator: PEER.wireFunctions },
] as const;

/** At one number of clients. */
interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly serverUs: number;
}

/** The first of each is at one client, the second at eight. */
function targets(express: readonly Measured[], standard: readonly Measured[], emulator: number): void {
  const least = emulator * LEAST_TIMES_EMULATOR;
  for (const [type, [, eight]] of [['Express', express] as const, ['Standard', standard] as const]) {
    target(`${type}, 8 clients, executions/s`, eight!.perSecond, { atLeast: least });
  }
  target('Standard, 1 client, start to the end, ms', standard[0]!.p50Ms, { atMost: MOST_START_TO_END_MS });
  for (const [index, clients] of CLIENTS.entries()) {
    const times = express[index]!.perSecond / standard[index]!.perSecond;
    target(`Standard, times Express, ${clients} clients`, times, { atMost: MOST_TIMES_EXPRESS });
    const work = standard[index]!.serverUs / express[index]!.serverUs;
    target(`the same by the server's processor time`, work, { atMost: MOST_TIMES_EXPRESS });
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
): Promise<Measured[]> {
  const caller = await WireCaller.open(port);
  const name = `${type}-${what.replaceAll(' ', '-')}`;
  const answer = await caller.call('CreateStateMachine', machineOf(name, definition, type));
  caller.close();
  const arn = String(answer.stateMachineArn);
  return measured(port, cpu, {
    what: `${what}, ${type === 'EXPRESS' ? 'Express' : 'Standard'}`,
    one: (each, n) => (type === 'EXPRESS' ? each.runExpress(arn, n) : each.runStandard(arn, n)),
  });
}

async function measured(
  port: number,
  cpu: Cpu,
  { what, one }: { what: string; one: (caller: WireCaller, n: number) => Promise<void> },
): Promise<Measured[]> {
  const all: Measured[] = [];
  for (const clients of CLIENTS) {
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
    all.push({ perSecond: rate.perSecond, p50Ms: rate.p50Ms, serverUs });
    console.log(
      `${what.padEnd(24)} ${clients} clients ${rate.perSecond.toFixed(0).padStart(6)}/s  p50 ${rate.p50Ms.toFixed(3)} ms  ${serverUs.toFixed(0).padStart(4)} µs of the server's processor each`,
    );
  }
  return all;
}
