// Small things that are read often and written seldom: kept in memory, written down by the journal.
import type { Database } from './database.ts';

/** Who writes documents down. */
export interface DocumentKeeper {
  putDocument(kind: string, key: string, data: string): void;
  deleteDocument(kind: string, key: string): void;
}

export class Documents<T> {
  private readonly keeper: DocumentKeeper;
  private readonly kind: string;
  private readonly items = new Map<string, T>();

  constructor(database: Database, keeper: DocumentKeeper, kind: string) {
    this.keeper = keeper;
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

  entries(): [key: string, value: T][] {
    return [...this.items.entries()];
  }

  put(key: string, value: T): void {
    this.items.set(key, value);
    this.keeper.putDocument(this.kind, key, JSON.stringify(value));
  }

  delete(key: string): void {
    if (!this.items.delete(key)) return;
    this.keeper.deleteDocument(this.kind, key);
  }
}
