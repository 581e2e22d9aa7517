// The write log: rows survive the way through its text, a torn end costs only what nobody was told of, and what the
// thread puts into the database is what was appended.
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../local/states/store/database.ts';
import {
  BATCH_END,
  COLUMNS,
  change,
  changesOf,
  rowChange,
  rowValues,
  withChange,
} from '../../local/states/store/log-format.ts';
import { WriteLog } from '../../local/states/store/write-log.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seriatim-log-'));
  file = join(folder, 'states.sqlite');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const batchText = (changes: readonly string[]): string => changes.reduce(withChange, '') + BATCH_END;

const row = (seq: number, error: string | null = null, cause: string | null = null) => ({
  seq,
  arn: `arn:${seq}`,
  machine_arn: 'arn:machine',
  version_arn: null,
  alias_arn: null,
  map_run_arn: null,
  map_index: null,
  name: `e${seq}`,
  status: 'RUNNING',
  start_ms: 1,
  stop_ms: null,
  revision: 'r',
  input: '{\n\t"a": 1}',
  output: null,
  error,
  cause,
  more: '{}',
});

describe('a row', () => {
  it('comes back as it was, whatever its error and cause hold', () => {
    fc.assert(
      fc.property(
        fc.option(fc.string({ unit: 'binary' })),
        fc.option(fc.string({ unit: 'binary' })),
        (error, cause) => {
          const before = row(7, error, cause);

          const [fields] = changesOf(batchText([rowChange('X', before)]));

          expect(rowValues(fields!)).toEqual(COLUMNS.map((column) => before[column]));
        },
      ),
    );
  });
});

describe('a log whose process was killed', () => {
  it('gives the database every whole batch, and nothing of a torn one, wherever it is cut', () => {
    const database = new Database(file);
    new WriteLog(database, file).append(
      batchText([rowChange('X', row(1)), change('H', 1, 1, 1, '[{"id":1}]')]),
    );
    database.close();
    const log = join(folder, readdirSync(folder).find((name) => name.includes('-log-'))!);
    const whole = readFileSync(log);
    const second = Buffer.from(batchText([rowChange('X', row(2)), change('H', 2, 1, 1, '[{"id":1}]')]));

    for (let cut = 0; cut < second.length; cut += 7) {
      rmSync(file);
      writeFileSync(log, Buffer.concat([whole, second]));
      truncateSync(log, whole.length + cut);
      const again = new Database(file);
      new WriteLog(again, file);

      expect(again.all('SELECT seq FROM executions')).toEqual([{ seq: 1 }]);
      expect(again.all('SELECT seq FROM history')).toEqual([{ seq: 1 }]);
      again.close();
    }
  });

  it('is applied once, also when it is opened twice', () => {
    const database = new Database(file);
    new WriteLog(database, file).append(batchText([rowChange('X', row(1)), change('F', 1, 1, '{}')]));

    for (let time = 0; time < 2; time += 1) {
      new WriteLog(database, file).append(batchText([change('G', 1, 1)]));
    }
    new WriteLog(database, file);

    expect(database.all('SELECT * FROM frames')).toEqual([]);
    expect(database.all('SELECT seq FROM executions')).toEqual([{ seq: 1 }]);
    database.close();
  });
});

describe('a log with much to apply', () => {
  it('hands it to a thread, after which the database has it all, and leaves no file', async () => {
    const database = new Database(file);
    const log = new WriteLog(database, file);
    const events = (id: number): string => JSON.stringify([{ id, details: { text: 'x'.repeat(500) } }]);
    for (let seq = 1; seq <= 1500; seq += 1) {
      log.append(
        batchText([rowChange('X', row(seq)), change('H', seq, 1, 1, events(1)), change('F', seq, 1, '{}')]),
      );
      log.append(
        batchText([rowChange('U', { ...row(seq), status: 'SUCCEEDED' }), change('H', seq, 2, 2, events(2))]),
      );
      log.append(batchText([change('A', seq)]));
    }

    log.catchUp();

    const count = (sql: string): unknown =>
      database.get<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)?.n;
    expect(count("executions WHERE status = 'SUCCEEDED'")).toBe(1500);
    expect(count('frames')).toBe(0);
    const ids = database
      .all<{ events: string }>('SELECT events FROM history WHERE seq = 1500 ORDER BY first')
      .flatMap((piece) => (JSON.parse(piece.events) as { id: number }[]).map(({ id }) => id));
    expect(ids).toEqual([1, 2]);
    await log.close();
    database.close();
    expect(readdirSync(folder).filter((name) => name.includes('-log-'))).toEqual([]);
  });

  it('lets everything else go on while somebody waits for the thread', async () => {
    const database = new Database(file);
    const log = new WriteLog(database, file);
    const events = JSON.stringify([{ id: 1, details: { text: 'x'.repeat(2000) } }]);
    for (let seq = 1; seq <= 1000; seq += 1) {
      log.append(batchText([rowChange('X', row(seq)), change('H', seq, 1, 1, events)]));
    }
    await log.whenCaughtUp();
    // Somebody else holds the database: the thread cannot go on until it is let go, which takes a turn here.
    database.run('BEGIN IMMEDIATE');
    const number = log.append(batchText([rowChange('X', row(1001))]));
    const looking = log.whenCaughtUp();

    await new Promise((resolve) => setImmediate(resolve));
    const wasApplied = log.hasApplied(number);
    database.run('COMMIT');
    await looking;

    expect(wasApplied).toBe(false);
    expect(database.get<{ n: number }>('SELECT count(*) AS n FROM executions')?.n).toBe(1001);
    await log.close();
    database.close();
  });
});
