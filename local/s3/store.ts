// What S3 keeps, and how it is kept: prepared statements over the embedded database, nothing of S3's rules.
// Every method is one statement or one transaction, so an object is seen whole or not at all.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction, openDatabase } from './database.ts';
import type { BodyFile, ObjectDetails, StoredBody, StoredDelivery, StoredObject } from './records.ts';
import { UploadStore } from './upload-store.ts';

export interface BucketRow {
  readonly id: number;
  readonly name: string;
  readonly createdMs: number;
  /** Configuration documents by kind. */
  readonly settings: Readonly<Record<string, string>>;
}

/** An object on its way into the store. */
export interface NewObject {
  readonly bucketId: number;
  readonly object: StoredObject;
  readonly body: StoredBody;
  /** Kept with the object in one transaction, so that none is lost. */
  readonly deliveries: readonly Omit<StoredDelivery, 'id'>[];
  /** The multipart upload that ends with this object. */
  readonly endsUpload?: string;
}

/** What a write leaves behind: files that no row names any more, and the deliveries it has queued. */
export interface Written {
  readonly orphans: readonly string[];
  readonly deliveries: readonly StoredDelivery[];
}

type Row = Record<string, unknown>;

export class Store {
  readonly uploads: UploadStore;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;

  constructor(file: string) {
    this.#database = openDatabase(file);
    this.#statements = prepare(this.#database);
    this.uploads = new UploadStore(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  buckets(): BucketRow[] {
    return this.#statements.buckets.all().map((row) => ({
      id: Number(row.id),
      name: String(row.name),
      createdMs: Number(row.created_ms),
      settings: JSON.parse(String(row.settings)) as Record<string, string>,
    }));
  }

  insertBucket(name: string, createdMs: number): BucketRow {
    const { lastInsertRowid } = this.#statements.insertBucket.run(name, createdMs);
    return { id: Number(lastInsertRowid), name, createdMs, settings: {} };
  }

  saveSettings(bucketId: number, settings: Readonly<Record<string, string>>): void {
    this.#statements.saveSettings.run(JSON.stringify(settings), bucketId);
  }

  /** The bucket must be empty of objects; its uploads go with it. Returns the files they leave behind. */
  deleteBucket(bucketId: number): string[] {
    return inTransaction(this.#database, () => {
      this.#statements.deleteBucket.run(bucketId);
      return this.uploads.deleteAll(bucketId);
    });
  }

  object(bucketId: number, key: string): StoredObject | undefined {
    const row = this.#statements.object.get(bucketId, key);
    return row === undefined ? undefined : toObject(row);
  }

  objectWithBody(
    bucketId: number,
    key: string,
  ): { readonly object: StoredObject; readonly body: StoredBody } | undefined {
    const row = this.#statements.object.get(bucketId, key);
    if (row === undefined) return undefined;
    if (row.small === null) {
      return { object: toObject(row), body: { kind: 'files', files: JSON.parse(String(row.files)) } };
    }
    const small = this.#statements.small.get(row.small as number);
    return { object: toObject(row), body: { kind: 'small', bytes: small!.bytes as Uint8Array } };
  }

  putObject({ bucketId, object, body, deliveries, endsUpload }: NewObject): Written {
    return inTransaction(this.#database, () => {
      const orphans = this.#dropBody(bucketId, object.key);
      const small = body.kind === 'small' ? this.#statements.insertSmall.run(body.bytes) : undefined;
      this.#statements.putObject.run(
        bucketId,
        object.key,
        object.sizeBytes,
        object.etag,
        object.lastModifiedMs,
        small?.lastInsertRowid ?? null,
        body.kind === 'files' ? JSON.stringify(body.files) : null,
        JSON.stringify(object.details),
      );
      const named = new Set(body.kind === 'files' ? body.files.map(({ file }) => file) : []);
      const unused = endsUpload === undefined ? [] : this.uploads.delete(endsUpload);
      return {
        orphans: [...orphans, ...unused.filter((file) => !named.has(file))],
        deliveries: deliveries.map((delivery) => this.#insertDelivery(delivery)),
      };
    });
  }

  saveDetails(bucketId: number, key: string, details: ObjectDetails): void {
    this.#statements.saveDetails.run(JSON.stringify(details), bucketId, key);
  }

  deleteObject(bucketId: number, key: string, deliveries: NewObject['deliveries']): Written {
    return inTransaction(this.#database, () => {
      const orphans = this.#dropBody(bucketId, key);
      this.#statements.deleteObject.run(bucketId, key);
      return { orphans, deliveries: deliveries.map((delivery) => this.#insertDelivery(delivery)) };
    });
  }

  /** Objects from a key on, in the order of their UTF-8 bytes. Nothing may be awaited while it is walked. */
  *objectsFrom(bucketId: number, key: string): Generator<StoredObject> {
    for (const row of this.#statements.objectsFrom.iterate(bucketId, key)) yield toObject(row);
  }

  queueDeliveries(deliveries: NewObject['deliveries']): StoredDelivery[] {
    return deliveries.map((delivery) => this.#insertDelivery(delivery));
  }

  deliveries(): StoredDelivery[] {
    return this.#statements.deliveries.all().map((row) => ({
      id: Number(row.id),
      functionArn: String(row.function_arn),
      event: String(row.event),
      createdMs: Number(row.created_ms),
    }));
  }

  deleteDelivery(id: number): void {
    this.#statements.deleteDelivery.run(id);
  }

  /** Every file that an object or a part names. */
  namedFiles(): Set<string> {
    const named = new Set(this.uploads.files());
    for (const row of this.#statements.allFiles.iterate()) {
      for (const { file } of JSON.parse(String(row.files)) as BodyFile[]) named.add(file);
    }
    return named;
  }

  #dropBody(bucketId: number, key: string): string[] {
    const old = this.#statements.bodyOf.get(bucketId, key);
    if (old === undefined) return [];
    if (old.small !== null) this.#statements.deleteSmall.run(old.small as number);
    return old.files === null ? [] : (JSON.parse(String(old.files)) as BodyFile[]).map(({ file }) => file);
  }

  #insertDelivery(delivery: Omit<StoredDelivery, 'id'>): StoredDelivery {
    const { functionArn, event, createdMs } = delivery;
    const { lastInsertRowid } = this.#statements.insertDelivery.run(functionArn, event, createdMs);
    return { ...delivery, id: Number(lastInsertRowid) };
  }
}

function toObject(row: Row): StoredObject {
  return {
    key: row.key as string,
    sizeBytes: row.size as number,
    etag: row.etag as string,
    lastModifiedMs: row.modified_ms as number,
    details: JSON.parse(row.details as string) as ObjectDetails,
  };
}

function prepare(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  const columns = 'key, size, etag, modified_ms, small, files, details';
  return {
    buckets: sql('SELECT id, name, created_ms, settings FROM buckets'),
    insertBucket: sql("INSERT INTO buckets (name, created_ms, settings) VALUES (?, ?, '{}')"),
    saveSettings: sql('UPDATE buckets SET settings = ? WHERE id = ?'),
    deleteBucket: sql('DELETE FROM buckets WHERE id = ?'),
    object: sql(`SELECT ${columns} FROM objects WHERE bucket = ? AND key = ?`),
    bodyOf: sql('SELECT small, files FROM objects WHERE bucket = ? AND key = ?'),
    small: sql('SELECT bytes FROM small_bodies WHERE id = ?'),
    insertSmall: sql('INSERT INTO small_bodies (bytes) VALUES (?)'),
    deleteSmall: sql('DELETE FROM small_bodies WHERE id = ?'),
    putObject: sql(`INSERT OR REPLACE INTO objects (bucket, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    saveDetails: sql('UPDATE objects SET details = ? WHERE bucket = ? AND key = ?'),
    deleteObject: sql('DELETE FROM objects WHERE bucket = ? AND key = ?'),
    objectsFrom: sql(`SELECT ${columns} FROM objects WHERE bucket = ? AND key >= ? ORDER BY key`),
    allFiles: sql('SELECT files FROM objects WHERE files IS NOT NULL'),
    insertDelivery: sql('INSERT INTO deliveries (function_arn, event, created_ms) VALUES (?, ?, ?)'),
    deliveries: sql('SELECT id, function_arn, event, created_ms FROM deliveries ORDER BY id'),
    deleteDelivery: sql('DELETE FROM deliveries WHERE id = ?'),
  };
}
