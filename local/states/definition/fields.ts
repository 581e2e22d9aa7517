// The fields of one state, compiled by the state's query language: what every state type's compiler asks for.
import type { Json } from '../json/text.ts';
import { compileJsonata, isJsonata } from '../jsonata/expression.ts';
import { compileJsonataTemplate } from '../jsonata/template.ts';
import { type PathExpression, parsePathExpression } from '../paths/expression.ts';
import { type Path, parsePath } from '../paths/parse.ts';
import { compilePathTemplate } from '../paths/template.ts';
import { andThen } from '../run/scope.ts';
import type { Evaluate } from './types.ts';

/** A part of a definition as written. */
export type Fields = Readonly<Record<string, Json>>;

export class FieldCompiler {
  readonly source: Fields;
  readonly isJsonata: boolean;
  /** Where the fields stand in the state, for the sentences of JSONata's failures: `Catch[0]/`. */
  readonly place: string;

  constructor(source: Fields, isJsonataState: boolean, place = '') {
    this.source = source;
    this.isJsonata = isJsonataState;
    this.place = place;
  }

  /** Fields of an object inside, such as `ItemReader`. */
  inside(name: string): FieldCompiler | undefined {
    const inner = this.source[name];
    if (inner === undefined || inner === null) return undefined;
    return new FieldCompiler(inner as Fields, this.isJsonata, `${this.place}${name}/`);
  }

  path(name: string): Path | null | undefined {
    const text = this.source[name];
    if (typeof text !== 'string') return text === null ? null : undefined;
    return parsePath(text);
  }

  /** A path or an intrinsic function call, as `ErrorPath` takes. */
  expression(name: string): PathExpression | undefined {
    const text = this.source[name];
    return typeof text === 'string' ? parsePathExpression(text) : undefined;
  }

  /** A payload template of the state's query language. */
  template(name: string): Evaluate | undefined {
    const value = this.source[name];
    if (value === undefined) return undefined;
    return this.isJsonata
      ? compileJsonataTemplate(value, `${this.place}${name}`)
      : compilePathTemplate(value);
  }

  /** A field that is a constant or, in JSONata, an expression; `check` sees what came of it. */
  value<T>(name: string, check: (value: Json) => T): Evaluate<T> | undefined {
    const value = this.source[name];
    if (value === undefined) return undefined;
    if (!this.isJsonata || !isJsonata(value)) return () => value as T;
    const expression = compileJsonata(value);
    const field = `${this.place}${name}`;
    return (scope) => andThen(expression.evaluate(scope, field), check);
  }
}
