// The one error of this folder: a template that cannot be booted. It names the place in the template, so that one
// line is enough to mend it; the command line prints the message and nothing else.

export class TemplateError extends Error {
  /** Where in the template, such as `Resources.Price.Properties.RoleArn`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`template: ${path}: ${problem}`);
    this.name = 'TemplateError';
    this.path = path;
  }
}

/** What was found, for messages: its type and the start of its JSON. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
