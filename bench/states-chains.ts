// Chains in process: five Pass and Choice states in both query languages, three functions that return at once. The
// one execution at a time and the many are measured in turns, so that what else the machine does falls on all.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CHAIN, FUNCTIONS, JSONATA_CHAIN } from './states-definitions.ts';
import { create, type Rate, rateOf, runExpress, runStandard, withStates } from './states-engine.ts';

const COUNT = 10_000;
const ROUNDS = 3;
const WIDTHS = [1, 64] as const;

const DEFINITIONS = [
  { what: 'chain of 5', definition: CHAIN, states: 5 },
  { what: 'chain of 5, JSONata', definition: JSONATA_CHAIN, states: 5 },
  { what: '3 functions', definition: FUNCTIONS, states: 3 },
] as const;

export async function chains(): Promise<void> {
  await withStates(async (states) => {
    for (const { what, definition, states: length } of DEFINITIONS) {
      for (const type of ['EXPRESS', 'STANDARD'] as const) {
        const arn = await create(states, `${type}-${length}-${what.length}`, { definition, type });
        const run = type === 'EXPRESS' ? runExpress : runStandard;
        await report(`${what}, ${type === 'EXPRESS' ? 'Express' : 'Standard'}`, length, (n) =>
          run(states, arn, n),
        );
      }
    }
  });
}

async function report(what: string, length: number, one: (n: number) => Promise<void>): Promise<void> {
  for (const width of WIDTHS) {
    await rateOf(one, { count: COUNT / 5, atOnce: width });
    const rates: Rate[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      rates.push(await rateOf(one, { count: COUNT, atOnce: width }));
    }
    const best = rates.sort((a, b) => b.perSecond - a.perSecond)[0]!;
    const figures = `${best.perSecond.toFixed(0).padStart(7)} executions/s ${(best.perSecond * length).toFixed(0).padStart(8)} transitions/s`;
    console.log(
      `${what.padEnd(32)} ${String(width).padStart(3)} at once ${figures}  ${(best.cpuMsEach * 1000).toFixed(0).padStart(5)} µs of processor each`,
    );
  }
}

/** What of aws-local-stepfunctions is used. */
interface PeerModule {
  readonly StateMachine: new (
    definition: object,
  ) => {
    run(input: unknown, options?: object): { readonly result: Promise<unknown> };
  };
}

/** The same chains in aws-local-stepfunctions, which keeps no history and has no JSONata. */
export async function peer(): Promise<void> {
  const folder = process.env.ASL_PEER;
  if (folder === undefined) {
    console.log('ASL_PEER is not set: left out');
    return;
  }
  const { StateMachine } = createRequire(join(folder, 'package.json'))(
    'aws-local-stepfunctions',
  ) as PeerModule;
  const handler = async (event: unknown): Promise<unknown> => event;
  const names = ['A', 'B', 'C'].map((name) => [name, handler] as const);
  const overrides = { taskResourceLocalHandlers: Object.fromEntries(names) };
  for (const { what, definition, states } of DEFINITIONS) {
    if (definition === JSONATA_CHAIN) continue;
    const machine = new StateMachine(definition);
    await report(`${what}, aws-local-stepfunctions`, states, async (n) => {
      await machine.run({ n }, { overrides }).result;
    });
  }
}
