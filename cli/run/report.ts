// What `start` prints: a line per part, and at the end where everything is and what to do with it.

import { PIPELINES, type PipelineEntry } from '../../layers/seriatim/pipelines.ts';
import type { Running } from '../../local/boot/index.ts';
import type { Report } from '../../local/boot/progress.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import { selectPipelines } from '../../statemachines/selection.ts';

/** `  template    unchanged                             41 ms` */
export function progressLine({ part, detail, ms }: Report): string {
  return `  ${part.padEnd(11)} ${detail.padEnd(64)} ${Math.round(ms).toString().padStart(6)} ms`;
}

export function welcome(
  running: Running,
  { quiet, readyMs }: { readonly quiet: boolean; readonly readyMs: number },
): string {
  const { httpUrl, awsUrl } = running;
  const urls = [`  HTTP API    ${httpUrl}`, `  AWS APIs    ${awsUrl}`];
  if (quiet) return urls.join('\n');
  return [
    ...notServed(running),
    '',
    `Ready in ${(readyMs / 1000).toFixed(1)} s. Ctrl-C ends it.`,
    '',
    ...urls,
    '',
    'Ask it:',
    `  ${requestTo(httpUrl)}`,
    '',
    'Look at what happened:',
    '  npx seriatim executions',
    `  ${httpUrl}/console/`,
    '',
    'Use it with every AWS client, and with whole files:',
    `  export AWS_ENDPOINT_URL=${awsUrl} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`,
    '  aws stepfunctions list-state-machines',
    ...batch(running),
    '',
    'Read on: README.md, docs/architecture.md',
  ].join('\n');
}

/** To the first pipeline that runs: its example, or where a body is a picture, a file to fill in. */
function requestTo(httpUrl: string): string {
  return requestOf(shownPipeline(), httpUrl);
}

/** A pipeline without an example is shown with a record to fill in. */
export function requestOf(
  { name, example = {}, binary }: Pick<PipelineEntry, 'name' | 'example' | 'binary'>,
  httpUrl: string,
): string {
  const url = `curl -s ${httpUrl}/pipelines/${name}/invocations`;
  if (binary !== undefined)
    return `${url} -H 'content-type: ${binary.contentTypes[0]}' --data-binary @<file>`;
  return `${url} -H 'content-type: application/json' -d '${JSON.stringify(example).replaceAll("'", "'\\''")}'`;
}

function shownPipeline(): PipelineEntry {
  const selected = selectPipelines(PIPELINE_DEFINITIONS, process.env);
  return PIPELINES[selected[0]!.name]!;
}

function batch({ stack }: Running): string[] {
  const bucket = stack.outputs.BatchBucketName;
  if (typeof bucket !== 'string' || shownPipeline().name !== 'house-prices') return [];
  return [
    `  aws s3 cp models/house-prices/houses-2000.csv s3://${bucket}/house-prices/in/`,
    `  aws s3api wait object-exists --bucket ${bucket} --key house-prices/out/houses-2000.csv.out`,
    `  aws s3 cp s3://${bucket}/house-prices/out/houses-2000.csv.out -`,
  ];
}

/** What stands in the template and is not reproduced here, by name. */
function notServed({ stack, world }: Running): string[] {
  const types = stack.plan.unserved.map(({ logicalId, type }) => `${type} (${logicalId})`);
  return [
    ...types.map((one) => `  not served here: ${one}`),
    ...world.built.notes.map((note) => `  note: ${note}`),
  ];
}
