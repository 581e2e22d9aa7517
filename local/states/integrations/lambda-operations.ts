// `aws-sdk:lambda:invoke` over the function invoker, where Lambda's own operations are not connected.
import type { FunctionInvoker } from '../../lambda/api.ts';
import type { SdkOperations } from '../../service.ts';

export function lambdaOperations(lambda: FunctionInvoker): SdkOperations {
  return {
    invoke: async (input) => {
      const answer = await lambda.invoke({
        functionName: String(input.FunctionName),
        payload: input.Payload instanceof Uint8Array ? Buffer.from(input.Payload).toString() : '',
        ...(typeof input.Qualifier === 'string' ? { qualifier: input.Qualifier } : {}),
        ...(input.InvocationType === 'Event' ? { invocationType: 'Event' as const } : {}),
      });
      return {
        ExecutedVersion: answer.executedVersion,
        ...(answer.functionError === undefined ? {} : { FunctionError: answer.functionError }),
        Payload: Buffer.from(answer.payload),
        StatusCode: answer.statusCode,
      };
    },
  };
}
