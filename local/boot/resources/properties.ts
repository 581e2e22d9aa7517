// A resource's properties, read by type. CloudFormation takes numbers and booleans as text too (a parameter is always
// text); these readers do as well, and name the place in the template when a value does not fit.
import { shown, TemplateError } from '../template/errors.ts';
import { isObject } from '../template/model.ts';

export class Properties {
  readonly values: Readonly<Record<string, unknown>>;
  readonly path: string;

  constructor(values: Readonly<Record<string, unknown>>, path: string) {
    this.values = values;
    this.path = path;
  }

  text(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return typeof value === 'string' ? value : this.#refuse(name, 'text');
  }

  requiredText(name: string): string {
    return this.text(name) ?? this.#refuse(name, 'text');
  }

  number(name: string): number | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : this.#refuse(name, 'a number');
  }

  object(name: string): Properties | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (!isObject(value)) return this.#refuse(name, 'an object');
    return new Properties(value, `${this.path}.${name}`);
  }

  requiredObject(name: string): Properties {
    return this.object(name) ?? this.#refuse(name, 'an object');
  }

  /** An absent list is empty. */
  list(name: string): readonly unknown[] {
    const value = this.values[name] ?? [];
    return Array.isArray(value) ? value : this.#refuse(name, 'a list');
  }

  objects(name: string): Properties[] {
    return this.list(name).map((item, index) => {
      const place = `${name}[${index}]`;
      return isObject(item)
        ? new Properties(item, `${this.path}.${place}`)
        : this.#refuse(place, 'an object');
    });
  }

  texts(name: string): string[] {
    return this.list(name).map((item, index) =>
      typeof item === 'string' ? item : this.#refuse(`${name}[${index}]`, 'text'),
    );
  }

  /** @returns never; for use where a value is wrong in a way these readers do not know */
  refuse(name: string, problem: string): never {
    throw new TemplateError(`${this.path}.${name}`, problem);
  }

  #refuse(name: string, expected: string): never {
    const found = this.values[name];
    throw new TemplateError(
      `${this.path}.${name}`,
      found === undefined ? `is missing; ${expected} is expected` : `must be ${expected}, is ${shown(found)}`,
    );
  }
}

/** API spelling of the properties of the services whose APIs start names in lower case: `LogGroupArn` → `logGroupArn`. */
export function lowerCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCamel);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key[0]!.toLowerCase() + key.slice(1), lowerCamel(member)]),
  );
}
