// A distributed Map of 100,000 items, killed at random points: it ends as it should, and repeats only children that
// were in flight. STATES_KILL_ITEMS sets another number.
import { CreateStateMachineCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Killable, mapOfCalls } from '../test/states/killable.ts';
import { machineOf } from './states-definitions.ts';

const ITEMS = Number(process.env.STATES_KILL_ITEMS ?? 100_000);
const KILLS = 4;
const AT_ONCE = 40;

export async function kill(): Promise<void> {
  const engine = await Killable.start();
  try {
    const points = Array.from({ length: KILLS }, () => Math.floor(Math.random() * ITEMS * 0.9)).sort(
      (a, b) => a - b,
    );
    const startMs = performance.now();
    const executionArn = await begin(engine);
    for (const after of points) {
      await engine.callsReach(after);
      await engine.killAndStart();
    }
    const { output } = await engine.whenEnded(executionArn, 100);
    const seconds = (performance.now() - startMs) / 1000;
    check(engine, output);
    const repeated = engine.calls.length - ITEMS;
    console.log(
      `${ITEMS} items, killed after ${points.join(', ')} calls: ${repeated} of at most ${KILLS * AT_ONCE} in flight ran again, ${seconds.toFixed(0)} s`,
    );
    if (repeated > KILLS * AT_ONCE) process.exitCode = 1;
  } finally {
    await engine.close();
  }
}

async function begin({ client }: Killable): Promise<string> {
  const { name, definition, roleArn } = machineOf('killed', mapOfCalls(ITEMS, 'STANDARD', AT_ONCE));
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  return (await client.send(new StartExecutionCommand({ stateMachineArn }))).executionArn!;
}

/** @throws when an item is missing from the result */
function check({ calls }: Killable, output: string | undefined): void {
  const expected = JSON.stringify({ count: ITEMS, sum: (ITEMS * (ITEMS + 1)) / 2 });
  if (output !== expected) throw new Error(`the Map gave ${output}, not ${expected}`);
  if (new Set(calls).size !== ITEMS) throw new Error(`${new Set(calls).size} of ${ITEMS} items were called`);
}
