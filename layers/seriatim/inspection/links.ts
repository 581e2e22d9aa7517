// Where else an execution can be looked at: its trace and its logs, and their pages in the AWS console.
import type { LinksView } from './view.ts';

export interface LinkFacts {
  readonly arn: string;
  readonly stateMachineArn?: string | undefined;
  readonly logGroup?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** Console pages are only named where there is a console. */
  readonly isOnAws: boolean;
}

/** How long before and after an execution its log page reaches. */
const MARGIN_MS = 60_000;

export function linksOf(facts: LinkFacts): LinksView {
  const { stateMachineArn, logGroup, traceHeader } = facts;
  const traceId = /(?:^|;)Root=([^;]+)/.exec(traceHeader ?? '')?.[1];
  return {
    ...(stateMachineArn === undefined ? {} : { stateMachineArn }),
    ...(logGroup === undefined || logGroup === '' ? {} : { logGroup }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(facts.isOnAws ? consolePages({ ...facts, traceId }) : {}),
  };
}

function consolePages(facts: LinkFacts & { readonly traceId: string | undefined }): Partial<LinksView> {
  const region = facts.arn.split(':')[3] ?? '';
  const home = (service: string): string =>
    `https://${region}.console.aws.amazon.com/${service}/home?region=${region}`;
  return {
    executionUrl: `${home('states')}#/v2/executions/details/${facts.arn}`,
    ...(facts.traceId === undefined
      ? {}
      : { traceUrl: `${home('cloudwatch')}#xray:traces/${facts.traceId}` }),
    ...(facts.logGroup
      ? { logsUrl: `${home('cloudwatch')}#logsV2:log-groups/log-group/${logPage(facts)}` }
      : {}),
  };
}

/** The console encodes its fragment twice, with `$` for `%`. */
function logPage({ logGroup = '', arn, startMs, endMs }: LinkFacts): string {
  const encode = (text: string): string => encodeURIComponent(encodeURIComponent(text)).replaceAll('%', '$');
  const name = arn.split(':')[7] ?? arn;
  const from = startMs === undefined ? '' : `&start=${startMs - MARGIN_MS}`;
  const to = endMs === undefined ? '' : `&end=${endMs + MARGIN_MS}`;
  const query = `?filterPattern="${name}"${from}${to}`;
  return `${encode(logGroup)}/log-events${encodeURIComponent(query).replaceAll('%', '$')}`;
}
