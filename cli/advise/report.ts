// The advice as text for a terminal. Each figure says where it comes from: [m] measured on this machine, [e] estimated
// from list prices and what was measured.
import { formatBytes, formatMs, table, wrap } from '../format/text.ts';
import type { Advice, TriedPlacement } from './advise.ts';
import { PRICES, PRICES_DATE } from './prices.ts';
import { PATTERNS } from './recommend.ts';

/** A limit that is used by more than this is worth a line. */
const NEAR = 0.25;

export function reportAdvice(advice: Advice): string {
  const { tried, recommendation } = advice;
  return [
    `${advice.pipeline}: ${tried.length} placement${tried.length === 1 ? '' : 's'} tried with ${advice.samples} sample records`,
    '[m] measured on this machine, [e] estimated; no figure is of AWS',
    '',
    overview(tried),
    ...outside(advice),
    '',
    'Latency by stage [m], p50 / p99',
    ...tried.flatMap(stageLines),
    '',
    `AWS per million requests of one record [e], us-east-1, prices of ${PRICES_DATE}`,
    costs(tried),
    ...priceNotes(),
    '',
    'Payload hops [m], bytes in',
    ...tried.map(hopLine),
    '',
    'Upgraded alone',
    ...tried.flatMap(({ placement, upgrades }) => upgrades.flatMap((one) => bullet(`${placement}: ${one}`))),
    '',
    'Limits',
    ...tried.flatMap(limitLines),
    '',
    'What speaks for which pattern',
    table(
      ['Pattern', 'Choose it for'],
      PATTERNS.map(({ pattern, when }) => [pattern, when]),
    ),
    '',
    `Recommended: ${recommendation.pattern} (${placementText(recommendation.placement)})`,
    ...recommendation.reasons.flatMap(bullet),
  ].join('\n');
}

function overview(tried: readonly TriedPlacement[]): string {
  const head = [
    'Placement',
    'p50 [m]',
    'p99 [m]',
    'requests/s [m]',
    'first call [m]',
    'endpoints',
    'load [m]',
  ];
  return table(
    head,
    tried.map(({ placement, isWritten, measured, endpoints }) => [
      placement + (isWritten ? ' *' : ''),
      formatMs(measured.latency.p50Ms),
      formatMs(measured.latency.p99Ms),
      `${Math.round(measured.requestsPerSecond)} (${measured.clients} clients)`,
      formatMs(measured.firstMs),
      String(endpoints),
      measured.load.processes.toFixed(1),
    ]),
  );
}

function outside({ tried, refused, same }: Advice): string[] {
  return [
    ...(tried.some(({ isWritten }) => isWritten) ? ['* as the definition says'] : []),
    ...busyNote(tried),
    ...same.flatMap(({ placement, as }) =>
      bullet(`${placement}: the same as ${as}, since there is one model`),
    ),
    ...refused.flatMap(({ placement, reason }) => bullet(`${placement}: not possible. ${reason}`)),
    ...tried.flatMap(({ placement, measured }) =>
      measured.failures.slice(0, 3).flatMap((one) => bullet(`${placement}: a sample failed, ${one}`)),
    ),
  ];
}

/** Others' work in the middle of a comparison makes it worth little. */
function busyNote(tried: readonly TriedPlacement[]): string[] {
  const { cores } = tried[0]!.measured.load;
  if (tried.every(({ measured }) => measured.load.processes <= 2 * cores)) return [];
  return bullet(
    `this machine was busy (load over twice its ${cores} cores): take differences in time for hints, and try again when it is quiet`,
  );
}

function stageLines({ placement, measured }: TriedPlacement): string[] {
  const stages = Object.entries(measured.stages).map(
    ([name, { p50Ms, p99Ms }]) => `${name} ${formatMs(p50Ms)} / ${formatMs(p99Ms)}`,
  );
  return bullet(`${placement}: ${stages.join(', ')}`);
}

function costs(tried: readonly TriedPlacement[]): string {
  const usd = (value: number): string => `$${value.toFixed(2)}`;
  const rates = tried[0]!.cost.endpoints.map(
    ({ requestsPerSecond }) => `endpoint hours at ${requestsPerSecond}/s`,
  );
  return table(
    ['Placement', 'HTTP API', 'Lambda', 'States', 'S3', 'sum', ...rates],
    tried.map(({ placement, cost }) => [
      placement,
      usd(cost.httpApi),
      usd(cost.lambda),
      usd(cost.stepFunctions),
      usd(cost.s3),
      usd(cost.perMillion),
      ...cost.endpoints.map(({ perMillion, instances }) => `${usd(perMillion)} (${instances})`),
    ]),
  );
}

function priceNotes(): string[] {
  const names = (verified: 'aws' | 'secondary'): string =>
    Object.entries(PRICES)
      .filter(([, price]) => price.verified === verified)
      .map(([name]) => name)
      .join(', ');
  return [
    ...bullet(
      'endpoint hours: (instances) of ml.m5.large, one per endpoint or more where this machine would not do',
    ),
    ...bullet(`prices in AWS's own words: ${names('aws')}`),
    ...bullet(
      `prices as others quote them, not verified with AWS: ${names('secondary')}; see cli/advise/prices.ts`,
    ),
  ];
}

function hopLine({ placement, inside, measured: { travelled } }: TriedPlacement): string {
  const hops = travelled.hops.map(({ to, bytes }) => `${to} ${formatBytes(bytes)}`).join(', ');
  const claims =
    travelled.claimsWritten === 0
      ? ''
      : `; by S3 ${travelled.claimsWritten} written, ${travelled.claimsRead} read, up to ${formatBytes(travelled.claimBytes)}`;
  const within = [
    ...(inside.betweenContainers > 0 ? [`; ${inside.betweenContainers} more between containers`] : []),
    ...(inside.inMemory > 0 ? [`; ${inside.inMemory} in memory`] : []),
  ].join('');
  return bullet(`${placement}: ${travelled.hops.length} hops: ${hops}${claims}${within}`).join('\n');
}

function limitLines({ placement, limits }: TriedPlacement): string[] {
  const near = limits.filter(({ share }) => share >= NEAR);
  const nearest = [...limits].sort((a, b) => b.share - a.share)[0]!;
  const shown = near.length > 0 ? near : [nearest];
  const say = ({ name, found, limit, share }: (typeof limits)[number]): string =>
    `${name}: ${found} of ${limit} (${Math.round(share * 100)}%)`;
  const text = shown.map(say).join('; ');
  return bullet(`${placement}: ${near.length > 0 ? text : `none is near; nearest ${text}`}`);
}

const WIDTH = 100;

function bullet(text: string): string[] {
  return wrap(text, WIDTH - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`);
}

function placementText(placement: Advice['recommendation']['placement']): string {
  return placement === 'as written' ? 'as written' : `placement: '${placement}'`;
}
