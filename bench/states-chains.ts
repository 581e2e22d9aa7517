// Chains in process: five Pass and Choice states in both query languages, three functions that return at once. The
// one execution at a time and the many are measured in turns, so that what else the machine does falls on all.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CHAIN, FUNCTIONS, JSONATA_CHAIN } from './states-definitions.ts';
import { create, type Rate, rateOf, runExpress, runStandard, withStates } from './states-engine.ts';
import { MOST_TIMES_EXPRESS, MOST_TIMES_JSONPATH, PEER, target } from './states-targets.ts';

const COUNT = 10_000;
const ROUNDS = 3;
const WIDTHS = [1, 64] as const;

const DEFINITIONS = [
  { what: 'chain of 5', definition: CHAIN, states: 5 },
  { what: 'chain of 5, JSONata', definition: JSONATA_CHAIN, states: 5 },
  { what: '3 functions', definition: FUNCTIONS, states: 3 },
] as const;

/** One line of the table. */
interface Row {
  readonly what: string;
  /** States of an execution. */
  readonly length: number;
  readonly one: (n: number) => Promise<void>;
}

export async function chains(): Promise<void> {
  await withStates(async (states) => {
    const rows: Row[] = [];
    for (const { what, definition, states: length } of DEFINITIONS) {
      for (const type of ['EXPRESS', 'STANDARD'] as const) {
        const arn = await create(states, `${type}-${length}-${what.length}`, { definition, type });
        const run = type === 'EXPRESS' ? runExpress : runStandard;
        const name = `${what}, ${type === 'EXPRESS' ? 'Express' : 'Standard'}`;
        rows.push({ what: name, length, one: (n) => run(states, arn, n) });
      }
    }
    for (const width of WIDTHS) {
      const rates = await report(rows, width);
      targets((name) => rates.get(name)!.perSecond, width);
    }
  });
}

function targets(rate: (name: string) => number, width: number): void {
  console.log(`targets at ${width} at once`);
  for (const type of ['Express', 'Standard']) {
    target(`chain of 5, ${type}, executions/s`, rate(`chain of 5, ${type}`), { atLeast: PEER.chain });
  }
  target('3 functions, Express, executions/s', rate('3 functions, Express'), { atLeast: PEER.functions });
  for (const what of ['chain of 5', '3 functions']) {
    const times = rate(`${what}, Express`) / rate(`${what}, Standard`);
    target(`${what}: Standard, times Express`, times, { atMost: MOST_TIMES_EXPRESS });
  }
  const times = rate('chain of 5, Express') / rate('chain of 5, JSONata, Express');
  target('chain of 5: JSONata, times JSONPath', times, { atMost: MOST_TIMES_JSONPATH });
}

/** Rounds of all rows in turn. @returns the best round of each, by its name */
async function report(rows: readonly Row[], width: number): Promise<Map<string, Rate>> {
  for (const { one } of rows) await rateOf(one, { count: COUNT / 5, atOnce: width });
  const best = new Map<string, Rate>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { what, one } of rows) {
      const rate = await rateOf(one, { count: COUNT, atOnce: width });
      if (rate.perSecond > (best.get(what)?.perSecond ?? 0)) best.set(what, rate);
    }
  }
  for (const row of rows) print(row, width, best.get(row.what)!);
  return best;
}

function print({ what, length }: Row, width: number, { perSecond, cpuMsEach }: Rate): void {
  const figures = `${perSecond.toFixed(0).padStart(7)} executions/s ${(perSecond * length).toFixed(0).padStart(8)} transitions/s`;
  console.log(
    `${what.padEnd(32)} ${String(width).padStart(3)} at once ${figures}  ${(cpuMsEach * 1000).toFixed(0).padStart(5)} µs of processor each`,
  );
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
  const rows: Row[] = [];
  for (const { what, definition, states } of DEFINITIONS) {
    if (definition === JSONATA_CHAIN) continue;
    const machine = new StateMachine(definition);
    const one = async (n: number): Promise<void> => void (await machine.run({ n }, { overrides }).result);
    rows.push({ what: `${what}, aws-local-stepfunctions`, length: states, one });
  }
  for (const width of WIDTHS) await report(rows, width);
}
