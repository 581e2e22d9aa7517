// The part of Amazon States Language that the compiler writes. https://states-language.net

export interface StateMachine {
  readonly Comment: string;
  readonly QueryLanguage: 'JSONata';
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly States: States;
}

export type States = Readonly<Record<string, State>>;

/** A state's fields in the language's own words; its type says which of them make sense. */
export interface State {
  readonly Type: 'Task' | 'Map' | 'Parallel' | 'Choice' | 'Pass' | 'Fail';
  readonly [field: string]: unknown;
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Output: unknown;
  readonly Next: string;
}

/** A JSONata expression in the braces of the language. */
export function expression(jsonata: string): string {
  return `{% ${jsonata} %}`;
}

/** A placeholder that the template's `DefinitionSubstitutions` fill in. */
export function placeholder(name: string): string {
  return `\${${name}}`;
}

/** The placeholder's name for the ARN of a function: `preprocess-house` → `PreprocessHouseFunction`. */
export function functionPlaceholder(folder: string): string {
  const pascal = folder
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
  return `${pascal}Function`;
}
