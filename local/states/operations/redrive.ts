// RedriveExecution.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { AwsError } from '../../wire/errors.ts';
import type { ExecutionRow } from '../store/execution-rows.ts';
import { constraint } from './api-errors.ts';
import { findRow, redriveStatus } from './executions.ts';
import { boundedText } from './input.ts';
import type { World } from './world.ts';

export function redriveOperations(world: World): SdkOperations {
  const tokens = new RedriveTokens();
  return {
    redriveExecution: async (input) => redrive(world, input, tokens),
  };
}

const MAX_TOKEN = 64;

async function redrive(world: World, input: SdkValues, tokens: RedriveTokens): Promise<SdkValues> {
  const token = boundedText(input, 'clientToken', MAX_TOKEN);
  if (token === '') throw constraint('', 'clientToken', 'have length greater than or equal to 1');
  const row = findRow(world, input);
  const key = `${row.arn} ${token}`;
  const known = token === undefined ? undefined : tokens.find(key, world.clock.now());
  if (known !== undefined) return { redriveDate: await known };
  const redriven = begin(world, row);
  if (token !== undefined) tokens.put(key, world.clock.now(), redriven);
  return { redriveDate: await redriven };
}

async function begin(world: World, row: ExecutionRow): Promise<Date> {
  const { redriveStatus: status, redriveStatusReason } = redriveStatus(row, world.clock.now());
  if (status !== 'REDRIVABLE') {
    const reason =
      redriveStatusReason ?? 'Execution is a child of a Map Run and cannot be redriven by itself';
    throw new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${reason}'`);
  }
  await world.journal.whenReadable();
  const { execution } = world.executor.redrive(row);
  await world.journal.whenFlushed();
  return new Date(execution.redriveMs ?? world.clock.now());
}

/** How long a request with the same token is the same request. */
const TOKEN_MS = 15 * 60_000;
const MOST_TOKENS = 10_000;

interface Redriven {
  readonly atMs: number;
  readonly date: Promise<Date>;
}

/** The last `clientToken`s: the same request again answers as before. */
class RedriveTokens {
  private readonly known = new Map<string, Redriven>();

  find(key: string, nowMs: number): Promise<Date> | undefined {
    const redriven = this.known.get(key);
    return redriven === undefined || nowMs - redriven.atMs > TOKEN_MS ? undefined : redriven.date;
  }

  put(key: string, atMs: number, date: Promise<Date>): void {
    this.known.delete(key);
    this.known.set(key, { atMs, date });
    if (this.known.size > MOST_TOKENS) this.known.delete(this.known.keys().next().value!);
    // A redrive that was refused may be asked for again.
    date.catch(() => this.known.delete(key));
  }
}
