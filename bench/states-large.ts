// A database of a million executions, and a history of 25,000 events: how long the questions of the API take.
import { DatabaseSync } from 'node:sqlite';
import { createStates } from '../local/states/index.ts';
import { create, temporaryFile } from './states-engine.ts';

const EXECUTIONS = 1_000_000;
/** A self-loop of three events a round until the limit ends it. */
const LOOP = {
  StartAt: 'A',
  States: {
    A: { Type: 'Pass', Next: 'B' },
    B: { Type: 'Choice', Choices: [{ Variable: '$.never', IsPresent: true, Next: 'C' }], Default: 'A' },
    C: { Type: 'Succeed' },
  },
};

export async function large(): Promise<void> {
  const { file, remove } = temporaryFile();
  const first = await createStates({ databaseFile: file });
  const arn = await create(first, 'many', { definition: LOOP });
  await first.close();
  fill(file, arn);
  const startMs = performance.now();
  const states = await createStates({ databaseFile: file });
  await states.resume();
  console.log(`opened ${EXECUTIONS} executions in ${(performance.now() - startMs).toFixed(0)} ms`);
  const list = states.operations.listExecutions!;
  const asked = async (what: string, input: object): Promise<Record<string, unknown>> => {
    const beganMs = performance.now();
    const answer = await list({ stateMachineArn: arn, ...input });
    const count = (answer.executions as unknown[]).length;
    console.log(
      `${what.padEnd(40)} ${(performance.now() - beganMs).toFixed(1).padStart(8)} ms, ${count} rows`,
    );
    return answer;
  };
  const page = await asked('first page of 1,000', { maxResults: 1000 });
  await asked('next page', { maxResults: 1000, nextToken: page.nextToken });
  for (const statusFilter of ['SUCCEEDED', 'FAILED', 'ABORTED', 'RUNNING']) {
    await asked(`filtered by ${statusFilter}`, { statusFilter });
  }
  await asked('filtered by REDRIVEN', { redriveFilter: 'REDRIVEN' });
  await history(states.operations, arn);
  await states.close();
  remove();
}

/** Rows as the engine writes them, one in 1,000 failed. */
function fill(file: string, machineArn: string): void {
  const database = new DatabaseSync(file);
  const { revision } = { revision: 'none' };
  database.exec(`INSERT INTO executions (arn, machine_arn, name, status, start_ms, stop_ms, revision, input, output, more)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${EXECUTIONS})
    SELECT replace('${machineArn}', ':stateMachine:', ':execution:') || ':e' || i, '${machineArn}', 'e' || i,
      CASE WHEN i % 1000 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, ${Date.now()} + i, ${Date.now()} + i + 5, '${revision}',
      '{"n":' || i || '}', '{"n":' || i || '}', '{}' FROM n`);
  database.close();
}

async function history(
  operations: Record<string, (input: Record<string, unknown>) => Promise<Record<string, unknown>>>,
  stateMachineArn: string,
): Promise<void> {
  const { executionArn } = await operations.startExecution!({ stateMachineArn });
  while ((await operations.describeExecution!({ executionArn })).status === 'RUNNING') {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const read = async (input: object): Promise<{ events: unknown[]; nextToken?: string }> =>
    (await operations.getExecutionHistory!({ executionArn, maxResults: 1000, ...input })) as {
      events: unknown[];
      nextToken?: string;
    };
  const beganMs = performance.now();
  let page = await read({});
  let count = page.events.length;
  while (page.nextToken !== undefined) {
    page = await read({ nextToken: page.nextToken });
    count += page.events.length;
  }
  const wholeMs = performance.now() - beganMs;
  const endMs = performance.now();
  await read({ reverseOrder: true });
  console.log(
    `history of ${count} events: ${wholeMs.toFixed(0)} ms in pages of 1,000, the last page ${(performance.now() - endMs).toFixed(1)} ms`,
  );
}
