// The options of the container's benches: described once, checked, told by `--help`. A wrong one ends the bench with one
// line and the help, not with a stack trace.
import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface BenchOption {
  readonly default: string;
  /** What it takes: `number`, `numbers` (a list), a list of choices, or any `text`. */
  readonly takes: 'number' | 'numbers' | 'text' | readonly string[];
  readonly help: string;
}

export interface BenchUsage<Options> {
  /** `bench/container.ts [options]` */
  readonly command: string;
  /** What is measured, beside what. */
  readonly about: string;
  readonly options: Options;
}

type Values<Options> = { readonly [Name in keyof Options]: string };

export interface BenchArguments<Options> {
  readonly values: Values<Options>;
  readonly positionals: readonly string[];
}

/** Ends the process after `--help` (0) and for an option that is not known or makes no sense (1). */
export function readBenchArguments<const Options extends Readonly<Record<string, BenchOption>>>(
  usage: BenchUsage<Options>,
): BenchArguments<Options> {
  try {
    const { help, values, positionals } = parse(usage.options);
    if (!help) return { values: values as Values<Options>, positionals };
    console.log(helpText(usage));
    process.exit(0);
  } catch (thrown) {
    console.error(`${(thrown as Error).message}\n\n${helpText(usage)}`);
    process.exit(1);
  }
}

function parse(options: Readonly<Record<string, BenchOption>>) {
  const known: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h', default: false },
  };
  for (const [name, option] of Object.entries(options))
    known[name] = { type: 'string', default: option.default };
  const { values, positionals } = parseArgs({ allowPositionals: true, options: known });
  const texts: Record<string, string> = {};
  for (const [name, option] of Object.entries(options))
    texts[name] = checked(name, option, String(values[name]));
  return { help: values.help === true, values: texts, positionals };
}

/** @throws RangeError naming the option and what it takes */
function checked(name: string, { takes }: BenchOption, text: string): string {
  if (takes === 'text' || (Array.isArray(takes) && takes.includes(text))) return text;
  const numbers = takes === 'numbers' ? text.split(',') : [text];
  if (typeof takes === 'string' && numbers.every((item) => Number(item) > 0 && Number.isFinite(Number(item))))
    return text;
  throw new RangeError(`--${name} takes ${describe(takes)}, not "${text}".`);
}

function describe(takes: BenchOption['takes']): string {
  if (takes === 'number') return 'a number above 0';
  if (takes === 'numbers') return 'numbers above 0 with commas between them';
  return typeof takes === 'string' ? 'a text' : `one of ${takes.join(', ')}`;
}

function helpText({ command, about, options }: BenchUsage<Readonly<Record<string, BenchOption>>>): string {
  const lines = Object.entries(options).map(([name, { takes, help, default: fallback }]) => {
    const choices = Array.isArray(takes) ? ` (${takes.join(', ')})` : '';
    const otherwise = fallback === '' ? '' : ` [${fallback}]`;
    return `  --${name.padEnd(10)} ${help}${choices}${otherwise}`;
  });
  return [`npx node ${command}`, '', about, '', ...lines, `  --${'help'.padEnd(10)} this text`].join('\n');
}
