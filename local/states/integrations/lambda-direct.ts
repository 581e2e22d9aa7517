// A function called by its ARN: the effective input is the event, the answer is the result.
import { parseJson, textOf } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';
import type { Integration } from './integration.ts';
import { functionFailure, invokeFunction } from './lambda-call.ts';

export const lambdaDirect: Integration = {
  async run({ frame, state, parameters, events }) {
    events.started();
    const request = { functionName: state.resource.text, payload: textOf(parameters) };
    const answer = await invokeFunction(frame, request, 'direct');
    // The cause is the function's answer byte for byte.
    if (answer.functionError !== undefined) throw functionFailure(answer.payload, answer.payload);
    try {
      return answer.payload === '' ? {} : parseJson(answer.payload);
    } catch {
      throw new StateFailure('States.Runtime', 'The function did not return valid JSON.', { isTask: true });
    }
  },
};
