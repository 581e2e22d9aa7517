// Whether linked models answer in the content types that their containers promise by `answers`, from the history of an
// execution that ran each of them as a state. Pure.
import type { EventView } from '../../layers/seriatim/inspection/api.ts';
import type { Stage } from '../../statemachines/pipeline.ts';

/** @returns what is wrong, each in one line */
export function contentTypeProblems(stages: readonly Stage[], events: readonly EventView[]): string[] {
  return stages.flatMap((stage) => {
    if (stage.kind !== 'inference' || stage.link === undefined || stage.link.isLast) return [];
    const found = answeredType(stage.name, events);
    const { answers } = stage.link;
    if (found === undefined || found === answers) return [];
    const container = stage.endpoint.containers[0]!.name;
    return [
      `stage ${stage.name}: the definition says that the container ${container} answers ${answers}, it answered ${found}`,
    ];
  });
}

/** Of the task's result: SageMaker's own, or a payload as the function `invoke-endpoint` gives it. */
function answeredType(stage: string, events: readonly EventView[]): string | undefined {
  const own = events.filter((event) => event.stage === stage || event.stage === `Invoke${stage}`);
  const done = own.find(({ type }) => type === 'TaskSucceeded');
  const text = /"content-?type":"([^";]+)/i.exec(outputText(done?.details));
  return text?.[1]?.trim();
}

function outputText(details: EventView['details'] | undefined): string {
  const output = details?.output;
  const text = typeof output === 'string' ? output : JSON.stringify(output ?? '');
  return text.replaceAll('\\"', '"').replaceAll(/"headers":\{[^}]*\}/gi, '');
}
