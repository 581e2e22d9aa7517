// One thing that is wrong with a definition, and where.

export interface Diagnostic {
  readonly severity: 'ERROR' | 'WARNING';
  readonly code: string;
  readonly message: string;
  /** A JSON pointer, such as `/States/A/Next`. */
  readonly location: string | undefined;
}

export class Findings {
  readonly all: Diagnostic[] = [];

  error(code: string, message: string, location: string): void {
    this.all.push({ severity: 'ERROR', code, message, location });
  }

  schema(message: string, location: string): void {
    this.error('SCHEMA_VALIDATION_FAILED', message, location);
  }

  warning(code: string, message: string, location: string): void {
    this.all.push({ severity: 'WARNING', code, message, location });
  }
}
