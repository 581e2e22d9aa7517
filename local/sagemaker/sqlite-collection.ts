// Collections that survive restarts: one table of JSON records by kind and name, written through on every change.
import { DatabaseSync } from 'node:sqlite';
import type { Collection } from './store.ts';

export interface RecordDatabase {
  collection<Item>(kind: string): Collection<Item>;
  close(): void;
}

/** @param file a database file, or `:memory:` */
export function openRecords(file: string): RecordDatabase {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS records (
      kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;
  `);
  const get = database.prepare('SELECT body FROM records WHERE kind = ? AND name = ?');
  const put = database.prepare('INSERT OR REPLACE INTO records (kind, name, body) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM records WHERE kind = ? AND name = ?');
  const all = database.prepare('SELECT body FROM records WHERE kind = ? ORDER BY name');
  return {
    collection: <Item>(kind: string): Collection<Item> => ({
      get(name) {
        const row = get.get(kind, name);
        return row === undefined ? undefined : (decode(String(row.body)) as Item);
      },
      put: (name, item) => void put.run(kind, name, encode(item)),
      delete: (name) => remove.run(kind, name).changes > 0,
      values: () => all.all(kind).map((row) => decode(String(row.body)) as Item),
    }),
    close: () => database.close(),
  };
}

/** Times keep being times: `{"$date": milliseconds}`. */
function encode(item: unknown): string {
  return JSON.stringify(item, function (this: Record<string, unknown>, name, value) {
    const raw = this[name];
    return raw instanceof Date ? { $date: raw.getTime() } : value;
  });
}

function decode(body: string): unknown {
  return JSON.parse(body, (_name, value) =>
    typeof value === 'object' && value !== null && typeof value.$date === 'number'
      ? new Date(value.$date)
      : value,
  );
}
