// Small things that are read often and written seldom: kept in memory, written through to the database.
import type { Database } from './database.ts';

export class Documents<T> {
  private readonly database: Database;
  private readonly kind: string;
  private readonly items = new Map<string, T>();

  constructor(database: Database, kind: string) {
    this.database = database;
    this.kind = kind;
    const rows = database.all<{ key: string; data: string }>(
      'SELECT key, data FROM documents WHERE kind = ? ORDER BY key',
      kind,
    );
    for (const row of rows) this.items.set(row.key, JSON.parse(row.data) as T);
  }

  get(key: string): T | undefined {
    return this.items.get(key);
  }

  values(): T[] {
    return [...this.items.values()];
  }

  put(key: string, value: T): void {
    this.items.set(key, value);
    this.database.run(
      'INSERT INTO documents (kind, key, data) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data',
      this.kind,
      key,
      JSON.stringify(value),
    );
  }

  delete(key: string): void {
    if (!this.items.delete(key)) return;
    this.database.run('DELETE FROM documents WHERE kind = ? AND key = ?', this.kind, key);
  }
}
