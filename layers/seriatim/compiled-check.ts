// Schemas of records as plain functions: a file has millions of records, and most of them fit. A function takes the kinds
// of schema that the contracts are made of apart once; a value that does not fit, or a schema of another kind, is
// valibot's, whose issue says what is wrong. https://valibot.dev/guides/schemas/
import { type GenericSchema, type InferOutput, safeParse } from 'valibot';

/** What a value becomes, or that it does not fit. */
type Check = (value: unknown) => unknown;

const MISFIT = Symbol('misfit');

const compiled = new WeakMap<GenericSchema, Check>();

/** What the value becomes; undefined when it does not fit, or when only valibot can tell. */
export function checkQuickly<Schema extends GenericSchema>(
  schema: Schema,
  value: unknown,
): { readonly output: InferOutput<Schema> } | undefined {
  let check = compiled.get(schema);
  if (check === undefined) {
    check = compile(schema);
    compiled.set(schema, check);
  }
  const output = check(value);
  return output === MISFIT ? undefined : { output: output as InferOutput<Schema> };
}

/** The members of valibot's schemas and actions that are looked at. */
interface Piece {
  readonly type: string;
  readonly pipe?: readonly Piece[];
  readonly entries?: Readonly<Record<string, Piece>>;
  readonly item?: Piece;
  readonly items?: readonly Piece[];
  readonly options?: readonly unknown[];
  readonly check?: (value: unknown) => boolean;
  readonly requirement?: unknown;
  readonly operation?: (value: unknown) => unknown;
}

function compile(schema: GenericSchema): Check {
  return compilePiece(schema as unknown as Piece);
}

function compilePiece(piece: Piece): Check {
  if (piece.pipe === undefined) return compileSchema(piece);
  const [first, ...rest] = piece.pipe;
  const checks = [compilePiece(first!), ...rest.map(compileAction)];
  if (checks.includes(NOT_COMPILED)) return byValibot(piece);
  return (value) => {
    let found = value;
    for (let i = 0; i < checks.length && found !== MISFIT; i++) found = checks[i]!(found);
    return found;
  };
}

function compileSchema(piece: Piece): Check {
  switch (piece.type) {
    case 'object':
      return compileObject(piece);
    case 'array':
      return compileArray(compilePiece(piece.item!));
    case 'tuple':
      return compileTuple(piece.items!.map(compilePiece));
    case 'union':
      return compileUnion((piece.options as readonly Piece[]).map(compilePiece));
    case 'picklist':
      return fitting((value) => piece.options!.includes(value));
    case 'custom':
      return fitting(piece.check!);
    case 'string':
    case 'boolean':
      return fitting((value) => typeof value === piece.type);
    case 'number':
      return fitting((value) => typeof value === 'number' && !Number.isNaN(value));
    default:
      return byValibot(piece);
  }
}

const NOT_COMPILED: Check = () => MISFIT;

function compileAction(piece: Piece): Check {
  const { requirement } = piece;
  switch (piece.type) {
    case 'transform':
      return piece.operation!;
    case 'check':
    case 'finite':
    case 'integer':
      return fitting(requirement as (value: unknown) => boolean);
    case 'regex':
      return fitting((value) => (requirement as RegExp).test(value as string));
    default:
      return NOT_COMPILED;
  }
}

function fitting(fits: (value: unknown) => boolean): Check {
  return (value) => (fits(value) ? value : MISFIT);
}

function byValibot(piece: Piece): Check {
  const schema = piece as unknown as GenericSchema;
  return (value) => {
    const result = safeParse(schema, value, { abortPipeEarly: true });
    return result.success ? result.output : MISFIT;
  };
}

/** Members that may be absent, and what stands for them then, are valibot's to know. */
const MAY_BE_ABSENT = new Set(['optional', 'exact_optional', 'nullish', 'undefinedable']);

function compileObject(piece: Piece): Check {
  const entries = Object.entries(piece.entries!);
  if (entries.some(([, { type }]) => MAY_BE_ABSENT.has(type))) return byValibot(piece);
  const names = entries.map(([name]) => name);
  const checks = entries.map(([, piece]) => compilePiece(piece));
  return (value) => {
    if (typeof value !== 'object' || value === null) return MISFIT;
    const output: Record<string, unknown> = {};
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      if (!(name in value)) return MISFIT;
      const found = checks[i]!((value as Record<string, unknown>)[name]);
      if (found === MISFIT) return MISFIT;
      output[name] = found;
    }
    return output;
  };
}

function compileArray(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return MISFIT;
    const output: unknown[] = [];
    for (const item of value) {
      const found = check(item);
      if (found === MISFIT) return MISFIT;
      output.push(found);
    }
    return output;
  };
}

function compileTuple(checks: readonly Check[]): Check {
  return (value) => {
    if (!Array.isArray(value)) return MISFIT;
    const output: unknown[] = [];
    for (let i = 0; i < checks.length; i++) {
      const found = checks[i]!(value[i]);
      if (found === MISFIT) return MISFIT;
      output.push(found);
    }
    return output;
  };
}

function compileUnion(checks: readonly Check[]): Check {
  return (value) => {
    for (const check of checks) {
      const found = check(value);
      if (found !== MISFIT) return found;
    }
    return MISFIT;
  };
}
