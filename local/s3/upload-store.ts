// What the store keeps of multipart uploads under way: the uploads and their parts.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { StoredPart, StoredUpload, UploadDetails } from './records.ts';

type Row = Record<string, unknown>;

export class UploadStore {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync) {
    this.#statements = prepare(database);
  }

  insert(upload: StoredUpload): void {
    const { uploadId, bucketId, key, startedMs, details } = upload;
    this.#statements.insert.run(uploadId, bucketId, key, startedMs, JSON.stringify(details));
  }

  find(uploadId: string): StoredUpload | undefined {
    const row = this.#statements.find.get(uploadId);
    return row === undefined ? undefined : toUpload(row);
  }

  /** A bucket's uploads by key, then by id. */
  *inBucket(bucketId: number): Generator<StoredUpload> {
    for (const row of this.#statements.inBucket.iterate(bucketId)) yield toUpload(row);
  }

  /** Returns the file of the part that this one replaces. */
  putPart(uploadId: string, part: StoredPart): string | undefined {
    const old = this.#statements.partFile.get(uploadId, part.number);
    const { number, sizeBytes, etag, lastModifiedMs, checksum, file } = part;
    this.#statements.putPart.run(uploadId, number, sizeBytes, etag, lastModifiedMs, checksum ?? null, file);
    return old === undefined ? undefined : String(old.file);
  }

  /** In order of their numbers. */
  parts(uploadId: string): StoredPart[] {
    return this.#statements.parts.all(uploadId).map(toPart);
  }

  /** Returns the files of its parts. */
  delete(uploadId: string): string[] {
    const files = this.parts(uploadId).map(({ file }) => file);
    this.#statements.deleteParts.run(uploadId);
    this.#statements.delete.run(uploadId);
    return files;
  }

  /** Returns the files of all parts of the bucket's uploads. */
  deleteAll(bucketId: number): string[] {
    return [...this.inBucket(bucketId)].flatMap(({ uploadId }) => this.delete(uploadId));
  }

  files(): string[] {
    return this.#statements.files.all().map((row) => String(row.file));
  }
}

function toUpload(row: Row): StoredUpload {
  return {
    uploadId: String(row.id),
    bucketId: Number(row.bucket),
    key: String(row.key),
    startedMs: Number(row.started_ms),
    details: JSON.parse(String(row.details)) as UploadDetails,
  };
}

function toPart(row: Row): StoredPart {
  return {
    number: Number(row.number),
    sizeBytes: Number(row.size),
    etag: String(row.etag),
    lastModifiedMs: Number(row.modified_ms),
    checksum: row.checksum === null ? undefined : String(row.checksum),
    file: String(row.file),
  };
}

function prepare(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  const columns = 'id, bucket, key, started_ms, details';
  return {
    insert: sql(`INSERT INTO uploads (${columns}) VALUES (?, ?, ?, ?, ?)`),
    find: sql(`SELECT ${columns} FROM uploads WHERE id = ?`),
    inBucket: sql(`SELECT ${columns} FROM uploads WHERE bucket = ? ORDER BY key, id`),
    delete: sql('DELETE FROM uploads WHERE id = ?'),
    partFile: sql('SELECT file FROM parts WHERE upload = ? AND number = ?'),
    putPart: sql(
      'INSERT OR REPLACE INTO parts (upload, number, size, etag, modified_ms, checksum, file) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    parts: sql(
      'SELECT number, size, etag, modified_ms, checksum, file FROM parts WHERE upload = ? ORDER BY number',
    ),
    deleteParts: sql('DELETE FROM parts WHERE upload = ?'),
    files: sql('SELECT file FROM parts'),
  };
}
