// Alarms as they are kept: one row of JSON each, so that they are there again after a restart with the state they had.
import { DatabaseSync } from 'node:sqlite';
import type { SdkValues } from '../service.ts';
import type { AlarmState } from './api.ts';

export interface Alarm {
  /** As it was put, with its ARN. */
  readonly fields: SdkValues;
  state: AlarmState;
  reason: string;
  stateUpdatedMs: number;
  /** Until when a state that was set by hand stands. */
  heldUntilMs: number;
}

/** One line of an alarm's history; it outlives its alarm. */
export interface AlarmEvent {
  readonly alarmName: string;
  readonly atMs: number;
  readonly type: 'ConfigurationUpdate' | 'StateUpdate';
  readonly summary: string;
}

export interface AlarmStore {
  alarms(): [string, Alarm][];
  put(name: string, alarm: Alarm): void;
  delete(name: string): void;
  note(event: AlarmEvent): void;
  /** Oldest first. */
  events(): readonly AlarmEvent[];
  close(): void;
}

/** CloudWatch keeps 30 days of history; here so many lines. */
const MAX_EVENTS = 5_000;

/** @param file a database file, or `:memory:` */
export function openAlarms(file: string): AlarmStore {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS alarms (name TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, body TEXT NOT NULL);
  `);
  const all = database.prepare('SELECT name, body FROM alarms ORDER BY name');
  const put = database.prepare('INSERT OR REPLACE INTO alarms (name, body) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM alarms WHERE name = ?');
  const note = database.prepare('INSERT INTO events (body) VALUES (?)');
  const forget = database.prepare('DELETE FROM events WHERE number <= (SELECT MAX(number) FROM events) - ?');
  const events = database.prepare('SELECT body FROM events ORDER BY number');
  return {
    alarms: () => all.all().map(({ name, body }) => [String(name), JSON.parse(String(body)) as Alarm]),
    put: (name, alarm) => void put.run(name, toJson(alarm)),
    delete: (name) => void remove.run(name),
    note(event) {
      note.run(toJson(event));
      forget.run(MAX_EVENTS);
    },
    events: () => events.all().map(({ body }) => JSON.parse(String(body)) as AlarmEvent),
    close: () => database.close(),
  };
}

/** Numbers that came as CBOR may be big ones. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_name, member) => (typeof member === 'bigint' ? Number(member) : member));
}
