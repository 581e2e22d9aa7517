// Opens the embedded database of S3's store and keeps its schema. One process at a time: a second one is told so.
// A transaction survives the process's death at any moment; losing power may lose the last ones, never tear one.
import { DatabaseSync } from 'node:sqlite';

// Keys compare as UTF-8 bytes (SQLite's BINARY collation), which is the order in which S3 lists. Tables that listings
// walk have no wide columns: small bodies stand apart.
const SCHEMA = `
CREATE TABLE IF NOT EXISTS buckets (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_ms INTEGER NOT NULL, settings TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS objects (
  bucket INTEGER NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL, modified_ms INTEGER NOT NULL,
  small INTEGER, files TEXT, details TEXT NOT NULL, PRIMARY KEY (bucket, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS small_bodies (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket INTEGER NOT NULL, key TEXT NOT NULL, started_ms INTEGER NOT NULL, details TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);
CREATE TABLE IF NOT EXISTS parts (
  upload TEXT NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL, checksum TEXT, file TEXT NOT NULL, PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY, function_arn TEXT NOT NULL, event TEXT NOT NULL, created_ms INTEGER NOT NULL
) STRICT;
`;

/** @throws Error when another process has the file open */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(SCHEMA);
  } catch (thrown) {
    database.close();
    if (thrown instanceof Error && /locked/.test(thrown.message)) {
      throw new Error(`The S3 store ${file} is in use by another process.`, { cause: thrown });
    }
    throw thrown;
  }
  return database;
}

/** All or nothing. `work` must not await. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (thrown) {
    // On a full disk SQLite has rolled back by itself, and the reason is what the caller needs to hear.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw thrown;
  }
}
