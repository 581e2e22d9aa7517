// ValidateStateMachineDefinition.
import type { SdkOperations, SdkValues } from '../../service.ts';
import { checkDefinition, checkLength } from '../definition/check.ts';
import { constraint } from './api-errors.ts';
import { requiredText } from './input.ts';

const MAX_DIAGNOSTICS = 100;

export function validateOperations(): SdkOperations {
  return { validateStateMachineDefinition: async (input) => validate(input) };
}

function validate(input: SdkValues): SdkValues {
  const limit = Number(input.maxResults ?? 0) || MAX_DIAGNOSTICS;
  if (limit > MAX_DIAGNOSTICS) {
    throw constraint(String(limit), 'maxResults', `have value less than or equal to ${MAX_DIAGNOSTICS}`);
  }
  const type = input.type === 'EXPRESS' ? 'EXPRESS' : 'STANDARD';
  const definition = requiredText(input, 'definition');
  checkLength(definition);
  const found = checkDefinition(definition, type).filter(
    ({ severity }) => severity === 'ERROR' || input.severity === 'WARNING',
  );
  return {
    diagnostics: found.slice(0, limit).map(({ location, ...diagnostic }) => ({
      ...diagnostic,
      ...(location === undefined ? {} : { location }),
    })),
    result: found.some(({ severity }) => severity === 'ERROR') ? 'FAIL' : 'OK',
    truncated: found.length > limit,
  };
}
