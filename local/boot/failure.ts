// A start that cannot go on for a reason the user can mend: a port in use, a missing artefact, another process in
// the same folder. The message is one line and says what to do.

export class StartFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartFailure';
  }
}
