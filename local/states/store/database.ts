// The embedded database: executions, histories, frames of what is running, and small documents (state machines,
// activities, Map Runs). Statements are prepared once.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (kind TEXT NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS executions (
    seq INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, machine_arn TEXT NOT NULL, version_arn TEXT, alias_arn TEXT,
    map_run_arn TEXT, map_index INTEGER, name TEXT NOT NULL, status TEXT NOT NULL, start_ms INTEGER NOT NULL, stop_ms INTEGER,
    revision TEXT NOT NULL, input TEXT NOT NULL, output TEXT, error TEXT, cause TEXT, more TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS executions_by_machine ON executions (machine_arn, start_ms);
  CREATE INDEX IF NOT EXISTS executions_ended ON executions (machine_arn, status, start_ms) WHERE status <> 'RUNNING';
  CREATE INDEX IF NOT EXISTS executions_by_version ON executions (version_arn, start_ms) WHERE version_arn IS NOT NULL;
  CREATE INDEX IF NOT EXISTS executions_by_alias ON executions (alias_arn, start_ms) WHERE alias_arn IS NOT NULL;
  CREATE INDEX IF NOT EXISTS executions_redriven ON executions (machine_arn, start_ms) WHERE more LIKE '{"redriveCount"%';
  CREATE INDEX IF NOT EXISTS executions_by_map_run ON executions (map_run_arn, start_ms) WHERE map_run_arn IS NOT NULL;
  CREATE INDEX IF NOT EXISTS executions_by_item ON executions (map_run_arn, map_index) WHERE map_run_arn IS NOT NULL;
  DROP INDEX IF EXISTS executions_running;
  CREATE INDEX IF NOT EXISTS executions_open ON executions (machine_arn, status, start_ms) WHERE status = 'RUNNING';
  CREATE INDEX IF NOT EXISTS executions_stopped ON executions (stop_ms) WHERE stop_ms IS NOT NULL;
  CREATE TABLE IF NOT EXISTS history (seq INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, events TEXT NOT NULL, PRIMARY KEY (seq, first)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS frames (seq INTEGER NOT NULL, id INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (seq, id)) WITHOUT ROWID;
`;

/** A checkpoint waits for the disk: seldom, and of pages that have changed many times. About 32 MB. */
const CHECKPOINT_PAGES = 8000;

const CACHE_KB = 16_384;

/** Somebody else may hold the database for a moment: a backup, a person who looks. */
const BUSY_MS = 5000;

export class Database {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  private isClosed = false;

  /** @param file an absolute path, or `:memory:` */
  constructor(file: string) {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    this.database = new DatabaseSync(file);
    this.database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // A commit survives the end of the process at once, and a power cut up to the last checkpoint.
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;');
    this.database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -${CACHE_KB};`);
    this.addMapIndex();
    this.database.exec(SCHEMA);
  }

  /** A database of before the column was there. */
  private addMapIndex(): void {
    const columns = this.database.prepare('PRAGMA table_info(executions)').all() as { name: string }[];
    if (columns.length === 0 || columns.some(({ name }) => name === 'map_index')) return;
    this.database.exec(`ALTER TABLE executions ADD COLUMN map_index INTEGER;
      UPDATE executions SET map_index = json_extract(more, '$.mapIndex') WHERE map_run_arn IS NOT NULL;`);
  }

  /** @returns the row id of what was inserted */
  run(sql: string, ...values: (string | number | null)[]): number {
    return Number(this.prepare(sql).run(...values).lastInsertRowid);
  }

  all<Row>(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.prepare(sql).all(...values) as Row[];
  }

  get<Row>(sql: string, ...values: (string | number | null)[]): Row | undefined {
    return this.prepare(sql).get(...values) as Row | undefined;
  }

  transaction(work: () => void): void {
    this.prepare('BEGIN IMMEDIATE').run();
    try {
      work();
      this.prepare('COMMIT').run();
    } catch (thrown) {
      // On a full disk SQLite has rolled back by itself, and the reason is what the caller needs to hear.
      if (this.database.isTransaction) this.prepare('ROLLBACK').run();
      throw thrown;
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.statements.clear();
    this.database.close();
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}
