// One JSON object per line on standard output, which Lambda writes to the function's log group.

export type LogLevel = 'info' | 'warn' | 'error';

/** @param fields names and values that help to find the line again: pipeline, stage, execution, key */
export function log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const line = { level, message, timestamp: new Date().toISOString(), ...withErrors(fields) };
  console.log(JSON.stringify(line));
}

/** Errors have no own enumerable members: JSON would show `{}`. */
function withErrors(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describe(value) : value]),
  );
}

function describe(error: Error): Record<string, unknown> {
  return { name: error.name, message: error.message, stack: error.stack };
}
