// `?include=Recognise,GroupByTheme`: the stages whose outputs a request asks for beside the answer. Pure.
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { InvalidPayload } from '../../layers/seriatim/index.ts';

/** @throws InvalidPayload naming the stages that there are, for one that is none of them */
export function readInclude(
  { queryStringParameters }: APIGatewayProxyEventV2,
  pipeline: string,
  stages: readonly string[] = [],
): readonly string[] {
  // The parameter given twice arrives as one value with a comma.
  const asked = (queryStringParameters?.include ?? '').split(',').map((name) => name.trim());
  const names = [...new Set(asked.filter((name) => name !== ''))];
  const unknown = names.find((name) => !stages.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidPayload(
    `include: there is no stage "${unknown}"; the stages of ${pipeline} are ${stages.join(', ')}.${placed(stages)}`,
  );
}

/** The stage that a placement puts in place of the models' own: statemachines/placement/record-flow.ts. */
const RUN_MODELS = 'RunModels';

function placed(stages: readonly string[]): string {
  if (!stages.includes(RUN_MODELS)) return '';
  return ` As it is placed, its models are one stage: ask for ${RUN_MODELS}, which gives what each of them said.`;
}
