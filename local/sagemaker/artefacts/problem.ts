// What can be wrong with a model's artefact. Hosting turns these into a FailureReason, a ValidationError or a
// ModelError, depending on who is waiting.

/** Nothing lies at the address. */
export class ArtefactMissing extends Error {
  override readonly name = 'ArtefactMissing';

  constructor(bucket: string, key: string, cause?: unknown) {
    super(
      `Failed to download model data (bucket: ${bucket}, key: ${key}). Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the model.`,
      { cause },
    );
  }
}

/** What lies there is corrupt, too large or hostile. */
export class ArtefactRefused extends Error {
  override readonly name = 'ArtefactRefused';

  constructor(bucket: string, key: string, reason: string) {
    super(
      `Failed to extract model data archive (bucket: ${bucket}, key: ${key}). Please ensure that the object located at the URL is a valid tar.gz archive: ${reason}`,
    );
  }
}

/** It may be a good archive: it is larger than the limit, and was not fetched. */
export class ArtefactTooLarge extends ArtefactRefused {
  constructor(bucket: string, key: string, reason: string) {
    super(bucket, key, reason);
    this.message = `Failed to download model data (bucket: ${bucket}, key: ${key}): ${reason}`;
  }
}

/** The volume has no room for it, with everything unused already gone. */
export class VolumeFull extends Error {
  override readonly name = 'VolumeFull';
}
