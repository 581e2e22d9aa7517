// Expressions of pipelines with `flow: 'record'`: JSONata with fields of the record in braces.

/** Where a field of the record stands in a state's input, as JSONata. */
export type FieldPath = (field: string) => string;

const FIELD = /\{(\w+)\}/g;

/** The fields that an expression names, each once. */
export function fieldsIn(expression: string): string[] {
  return [...new Set([...expression.matchAll(FIELD)].map(([, field]) => field!))];
}

/** `{quality} < 0.25` → `$states.input.quality < 0.25` */
export function resolveFields(expression: string, path: FieldPath): string {
  return expression.replace(FIELD, (_, field: string) => path(field));
}

/** `{city}.tar.gz` → `$states.input.city & ".tar.gz"` */
export function resolveTemplate(template: string, path: FieldPath): string {
  const parts = template.split(/(\{\w+\})/).filter((part) => part !== '');
  return parts
    .map((part) => (/^\{\w+\}$/.test(part) ? path(part.slice(1, -1)) : JSON.stringify(part)))
    .join(' & ');
}
