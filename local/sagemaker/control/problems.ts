// Validation in AWS's words: collects what is wrong with one input and throws it as one ValidationException, the way
// the service's front end phrases it.
import { AwsError } from '../../wire/errors.ts';

/** A constraint on a string member, with the pattern as AWS prints it. */
export interface TextRule {
  readonly pattern?: RegExp;
  readonly max?: number;
  readonly min?: number;
  readonly oneOf?: readonly string[];
  readonly isOptional?: boolean;
}

export const NAME_RULE: TextRule = { pattern: /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, max: 63 };

export class Problems {
  readonly #found: string[] = [];

  text(member: string, value: unknown, rule: TextRule): this {
    if (value === undefined || value === null) {
      if (rule.isOptional !== true) this.#add('null', member, 'Member must not be null');
      return this;
    }
    if (typeof value !== 'string') return this.#add(quote(value), member, 'Member must be a string');
    for (const constraint of brokenTextRules(value, rule)) this.#add(quote(value), member, constraint);
    return this;
  }

  /** @param range both ends inclusive */
  number(member: string, value: unknown, range: { min: number; max?: number; isOptional?: boolean }): this {
    if (value === undefined || value === null) {
      return range.isOptional === true ? this : this.#add('null', member, 'Member must not be null');
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      return this.#add(quote(value), member, 'Member must be a number');
    if (value < range.min)
      this.#add(quote(value), member, `Member must have value greater than or equal to ${range.min}`);
    if (range.max !== undefined && value > range.max)
      this.#add(quote(value), member, `Member must have value less than or equal to ${range.max}`);
    return this;
  }

  /** @returns the list, empty when it is not one */
  list(member: string, value: unknown, size: { min: number; max: number }): readonly unknown[] {
    if (!Array.isArray(value)) {
      if (size.min > 0 || (value !== undefined && value !== null))
        this.#add('null', member, 'Member must not be null');
      return [];
    }
    if (value.length < size.min)
      this.#add(quote(value), member, `Member must have length greater than or equal to ${size.min}`);
    if (value.length > size.max)
      this.#add(quote(value), member, `Member must have length less than or equal to ${size.max}`);
    return value;
  }

  /** @throws AwsError ValidationException */
  throwIfAny(): void {
    const count = this.#found.length;
    if (count === 0) return;
    const errors = count === 1 ? 'error' : 'errors';
    throw invalid(`${count} validation ${errors} detected: ${this.#found.join('; ')}`);
  }

  #add(value: string, member: string, constraint: string): this {
    this.#found.push(`Value ${value} at '${member}' failed to satisfy constraint: ${constraint}`);
    return this;
  }
}

/** The generic error of the control plane, where missing and doubled things are ValidationExceptions too. */
export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

function* brokenTextRules(value: string, rule: TextRule): Iterable<string> {
  if (rule.min !== undefined && value.length < rule.min)
    yield `Member must have length greater than or equal to ${rule.min}`;
  if (rule.max !== undefined && value.length > rule.max)
    yield `Member must have length less than or equal to ${rule.max}`;
  if (rule.pattern !== undefined && !rule.pattern.test(value))
    yield `Member must satisfy regular expression pattern: ${rule.pattern.source.replace(/\$$/, '').replaceAll('\\/', '/')}`;
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value))
    yield `Member must satisfy enum value set: [${rule.oneOf.join(', ')}]`;
}

function quote(value: unknown): string {
  return `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;
}
