// A batch that is run again writes to objects of its own, so that it can be compared with the one before. Pure: the
// run that a batch's execution is given (`batch/run.ts`) with another name, by which its outputs are called, and, where
// it begins anew, another folder of work.
import { workPrefixOf } from '../../batch/run.ts';
import { isObject } from '../history.ts';

export interface OwnNames {
  /** Of the new execution. */
  readonly execution: string;
  /** Nothing of the work before is used. */
  readonly isAnew: boolean;
}

/** Every run within the value, such as in what a stage was handed, renamed; anything else as it is. */
export function withOwnOutputs(value: unknown, names: OwnNames): unknown {
  if (!isObject(value)) return value;
  if (isRun(value)) return renamed(value, names);
  return isObject(value.run) && isRun(value.run) ? { ...value, run: renamed(value.run, names) } : value;
}

interface Run {
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  readonly workPrefix: string;
}

/** The input of a batch's execution. */
export function isRun(value: unknown): value is Readonly<Record<string, unknown>> & Run {
  if (!isObject(value)) return false;
  const { id, pipeline, name, workPrefix, bucket, attempt } = value;
  const texts = [id, pipeline, name, workPrefix, bucket];
  return texts.every((each) => typeof each === 'string') && typeof attempt === 'number';
}

function renamed(run: Run, { execution, isAnew }: OwnNames): Run {
  const name = ownName(run.name, execution);
  if (!isAnew) return { ...run, name };
  const workPrefix = workPrefixOf(run.pipeline, execution);
  return { ...run, id: execution, name, workPrefix, ...{ attempt: 1 } };
}

/** As many of a name's last characters as tell reruns of one file apart. */
const MARK_LENGTH = 8;

/** `folder/street.csv` → `folder/street-rerun-5c7bae8d.csv`; of a rerun's own name the mark is replaced. */
export function ownName(name: string, execution: string): string {
  const mark = execution
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(-MARK_LENGTH)
    .toLowerCase();
  const [, folder = '', file = ''] = /^(.*\/)?([^/]*)$/.exec(name) ?? [];
  const [, stem = '', ending = ''] = /^([^.]*)(.*)$/.exec(file) ?? [];
  return `${folder}${stem.replace(/-rerun-[a-z0-9]{1,8}$/, '')}-rerun-${mark}${ending}`;
}
