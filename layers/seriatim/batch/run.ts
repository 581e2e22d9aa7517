// A batch run as its parts know it: what it reads, how, and where each thing of it is kept. The run's id follows from
// what it reads and from the options that its output depends on, so the same request names the same run.
import type { ErrorCode } from '../errors.ts';
import type { BatchOptions } from './options.ts';

/** How the input object is written. `objects`: a listing, where each object is a record. */
export type InputFormat = 'csv' | 'jsonl' | 'json' | 'parquet' | 'objects';

/** The input of a pipeline's batch machine. The same for every start of one run but for the attempt. */
export interface BatchRun {
  /** Readable, and unique to the input's content and the options; the name of the first execution too. */
  readonly id: string;
  readonly pipeline: string;
  readonly bucket: string;
  /** Of the input object; of a listing, its prefix. */
  readonly key: string;
  /** What the input must still be whenever it is read. Empty for a listing. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly format: InputFormat;
  /** The key after `<pipeline>/in/`: outputs are named by it. */
  readonly name: string;
  readonly options: BatchOptions;
  /** Where everything is kept that is not yet output, with its slash. */
  readonly workPrefix: string;
  /** 1, and one more for each time that the run was started again. */
  readonly attempt: number;
  /** Why nothing can be run: the execution fails with it, so that whoever hears of ends hears of this one too. */
  readonly refusal?: { readonly code: ErrorCode; readonly message: string };
}

/** How the bytes of a chunk are read, found out once by `split-batch`. */
export interface Reading {
  readonly format: 'csv' | 'jsonl';
  readonly encoding: Encoding;
  /** CSV: the names of the cells, in order. */
  readonly columns?: readonly string[];
  readonly delimiter?: string;
}

export type Encoding = 'utf-8' | 'latin1';

/** Records that follow each other: a range of bytes of the input, or a whole object that `split-batch` wrote. */
export interface Chunk {
  /** 0, 1, 2 … */
  readonly n: number;
  /** The position of its first record. */
  readonly first: number;
  readonly count: number;
  /** The object's first byte that belongs to it, and the first after it. */
  readonly from: number;
  readonly to: number;
  /** The object, where it is not the input itself. */
  readonly key?: string;
  /** Of one record that is larger than a chunk may be: nobody reads it whole. */
  readonly tooLargeBytes?: number;
}

/** What a Map Run's item hands to the functions of a child. */
export interface ChunkTask {
  readonly run: BatchRun;
  readonly reading: Reading;
  readonly chunk: Chunk;
  /** Of the whole run. */
  readonly totals: { readonly records: number; readonly chunks: number };
}

/** Records `from` to `to` (exclusive) of a chunk: all of it, until a failing chunk is split. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** What `split-batch` found, kept as `split.json`: its presence says that the list of chunks is complete. */
export interface SplitSummary {
  readonly reading: Reading;
  readonly chunks: number;
  readonly records: number;
  /** Of the input as it was stored, hexadecimal. Absent for a listing. */
  readonly sha256?: string;
  /** Why there are no records, where there are none. */
  readonly note?: string;
}

/** Where a run's work lies. */
export function workPrefixOf(pipeline: string, id: string): string {
  return `${pipeline}/work/${id}/`;
}

/** The objects of a run. Everything under `work` may go once the manifest says SUCCEEDED. */
export function runKeys({ pipeline, name, workPrefix }: Pick<BatchRun, 'pipeline' | 'name' | 'workPrefix'>) {
  return {
    plan: `${workPrefix}run.json`,
    split: `${workPrefix}split.json`,
    chunkList: `${workPrefix}chunks.jsonl`,
    chunk: (n: number) => `${workPrefix}chunks/${padded(n)}`,
    todo: (attempt: number) => `${workPrefix}todo-${attempt}.jsonl`,
    parts: `${workPrefix}parts/`,
    part: (n: number, failed: number) => `${workPrefix}parts/${padded(n)}-${failed}`,
    claims: `${workPrefix}claims/`,
    failures: (attempt: number) => `${workPrefix}failures/${attempt}/`,
    failure: (attempt: number, n: number) => `${workPrefix}failures/${attempt}/${padded(n)}.json`,
    /** The run's own manifest: stays when another file of the same name is run. */
    runManifest: `${workPrefix}manifest.json`,
    output: `${pipeline}/out/${name}.out`,
    groups: `${pipeline}/out/${name}.groups.json`,
    manifest: `${pipeline}/out/${name}.manifest.json`,
    errors: `${pipeline}/errors/${name}.errors.jsonl`,
  };
}

/** `…/parts/000012-3`: chunk 12, three of whose records failed. */
export function readPartKey(key: string): { n: number; failed: number } | undefined {
  const [, n, failed] = /\/parts\/(\d+)-(\d+)$/.exec(key) ?? [];
  return n === undefined ? undefined : { n: Number(n), failed: Number(failed) };
}

/** Sorts as it counts up to a hundred million chunks. */
function padded(n: number): string {
  return String(n).padStart(8, '0');
}
