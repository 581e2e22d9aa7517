// Collections that survive restarts: one table of JSON records by kind and name, written through on every change.
import { DatabaseSync } from 'node:sqlite';
import type { Collection } from './store.ts';

export interface DurableCollection<Item> extends Collection<Item> {
  /** Names with their records. */
  entries(): [string, Item][];
}

export interface RecordDatabase {
  collection<Item>(kind: string): DurableCollection<Item>;
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
  const all = database.prepare('SELECT name, body FROM records WHERE kind = ? ORDER BY name');
  return {
    collection: <Item>(kind: string): DurableCollection<Item> => ({
      get(name) {
        const row = get.get(kind, name);
        return row === undefined ? undefined : (decode(String(row.body)) as Item);
      },
      put: (name, item) => void put.run(kind, name, encode(item)),
      delete: (name) => remove.run(kind, name).changes > 0,
      values: () => all.all(kind).map((row) => decode(String(row.body)) as Item),
      entries: () => all.all(kind).map((row) => [String(row.name), decode(String(row.body)) as Item]),
    }),
    close: () => database.close(),
  };
}

/** Times and bytes keep being that: `{"$date": milliseconds}`, `{"$bytes": base64}`. */
function encode(item: unknown): string {
  return JSON.stringify(item, function (this: Record<string, unknown>, name, value) {
    const raw = this[name];
    if (raw instanceof Date) return { $date: raw.getTime() };
    if (raw instanceof Uint8Array) return { $bytes: Buffer.from(raw).toString('base64') };
    return value;
  });
}

function decode(body: string): unknown {
  return JSON.parse(body, (_name, value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (typeof value.$date === 'number') return new Date(value.$date);
    if (typeof value.$bytes === 'string') return Buffer.from(value.$bytes, 'base64');
    return value;
  });
}
