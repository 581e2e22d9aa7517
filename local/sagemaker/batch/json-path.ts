// The part of JSONPath that data processing knows: `$`, `.name`, `['a','b']`, `*`, `[n]`, `[n,m]`, `[s:e]`, negative
// indices. https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html

type Step =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'indices'; readonly indices: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'all' };

export type Filter = (value: unknown) => unknown;

/** @throws SyntaxError for an expression that data processing does not know */
export function compileFilter(expression: string): Filter {
  if (!expression.startsWith('$')) throw new SyntaxError(`The filter "${expression}" does not begin with $.`);
  const steps: Step[] = [];
  let rest = expression.slice(1);
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) throw new SyntaxError(`The filter "${expression}" is not served from "${rest}".`);
    steps.push(stepOf(match));
    rest = rest.slice(match[0].length);
  }
  return (value) => steps.reduce<unknown>(apply, value);
}

const STEP =
  /^(?:\.(?<name>[A-Za-z_]\w*)|(?<star>\.\*|\[\*\])|\[(?<names>'[^']*'(?:\s*,\s*'[^']*')*)\]|\[(?<from>-?\d*):(?<to>-?\d*)\]|\[(?<indices>-?\d+(?:\s*,\s*-?\d+)*)\])/;

function stepOf({ groups = {} }: RegExpExecArray): Step {
  const { name, star, names, indices, from, to } = groups;
  if (name !== undefined) return { kind: 'names', names: [name] };
  if (star !== undefined) return { kind: 'all' };
  if (names !== undefined)
    return { kind: 'names', names: [...names.matchAll(/'([^']*)'/g)].map(([, one]) => one!) };
  if (indices !== undefined) return { kind: 'indices', indices: indices.split(',').map(Number) };
  return { kind: 'slice', from: from ? Number(from) : undefined, to: to ? Number(to) : undefined };
}

/** One name or index gives the value itself, several give what they were picked from, made smaller. */
function apply(value: unknown, step: Step): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  if (step.kind === 'all') return Object.values(value);
  if (step.kind === 'slice') return Array.isArray(value) ? value.slice(step.from, step.to) : undefined;
  if (step.kind === 'indices') {
    if (!Array.isArray(value)) return undefined;
    const picked = step.indices.map((index) => value.at(index));
    return picked.length === 1 ? picked[0] : picked;
  }
  const members = value as Record<string, unknown>;
  if (step.names.length === 1) return members[step.names[0]!];
  return Object.fromEntries(
    step.names.filter((name) => name in members).map((name) => [name, members[name]]),
  );
}
