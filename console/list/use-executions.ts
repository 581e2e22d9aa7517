// The list of executions as it is read: a page at a time going down, and the newest page again and again.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { ExecutionsPage } from '../../layers/seriatim/inspection/api.ts';
import type { ExecutionView } from '../../layers/seriatim/inspection/view.ts';
import { apiPath, getJson } from '../api/client.ts';
import { usePolled } from '../api/use-polled.ts';
import {
  countNew,
  type ExecutionList,
  firstPage,
  runningBefore,
  withNewest,
  withNextPage,
  withPresentStatus,
} from './live.ts';

export type Filters = Readonly<Partial<Record<FilterName, string>>>;

export const FILTERS = ['pipeline', 'status', 'error', 'stage', 'since', 'until'] as const;
export type FilterName = (typeof FILTERS)[number];

export interface Executions {
  readonly list: ExecutionList | undefined;
  readonly error: Error | undefined;
  /** Begun since the list was read, and not shown in it while the reader is further down. */
  readonly newer: number;
  readonly isReadingMore: boolean;
  readMore(): void;
  showNewer(): void;
  reload(): void;
}

const PAGE = 200;
const EVERY_MS = 2000;

export function useExecutions(filters: Filters, isAtTop: boolean): Executions {
  const key = JSON.stringify(filters);
  const newest = usePolled({
    key,
    read: (signal) => readPage(key, { signal }),
    every: () => EVERY_MS,
  });
  const [list, setList] = useState<ExecutionList>();
  const [isReadingMore, setReadingMore] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const current = useRef(key);
  useEffect(() => {
    current.current = key;
    setList(undefined);
    setFailure(undefined);
  }, [key]);
  const { data } = newest;
  useEffect(() => {
    if (data === undefined) return;
    setList((list) =>
      list === undefined ? firstPage(data) : (isAtTop ? withNewest : withPresentStatus)(list, data),
    );
  }, [data, isAtTop]);
  useOlderRunning(key, { list, data, setList });
  const readMore = useCallback(() => {
    if (isReadingMore || list?.nextToken === undefined) return;
    setReadingMore(true);
    readPage(key, { token: list.nextToken })
      .then((page) => {
        if (current.current === key) setList((before) => before && withNextPage(before, page));
      }, setFailure)
      .finally(() => setReadingMore(false));
  }, [list?.nextToken, isReadingMore, key]);
  const showNewer = (): void => setList((list) => list && data && withNewest(list, data));
  const newer = list === undefined || data === undefined ? 0 : countNew(list, data);
  return {
    list,
    error: newest.error ?? failure,
    newer,
    isReadingMore,
    readMore,
    showNewer,
    reload: newest.reload,
  };
}

interface Followed {
  readonly list: ExecutionList | undefined;
  readonly data: ExecutionsPage | undefined;
  readonly setList: (change: (list: ExecutionList | undefined) => ExecutionList | undefined) => void;
}

/** Asks how those that still run, further down than the newest page goes, have fared. */
function useOlderRunning(key: string, { list, data, setList }: Followed): void {
  const arns = list === undefined || data === undefined ? [] : runningBefore(list, data);
  const { data: found } = usePolled({
    key: `${key} ${arns.join(' ')}`,
    read: async (signal) => {
      const asked = arns.map((arn) => getJson<ExecutionView>(apiPath(['executions', arn]), signal));
      const answers = await Promise.allSettled(asked);
      return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    },
    every: () => (arns.length === 0 ? undefined : 2 * EVERY_MS),
  });
  useEffect(() => {
    if (found === undefined || found.length === 0) return;
    setList((before) => before && withPresentStatus(before, { executions: found }));
  }, [found, setList]);
}

/** @param key the filters as JSON */
function readPage(
  key: string,
  { signal, token }: { readonly signal?: AbortSignal; readonly token?: string },
): Promise<ExecutionsPage> {
  const filters = JSON.parse(key) as Filters;
  return getJson(apiPath(['executions'], { ...filters, limit: PAGE, token }), signal);
}
