// What the compiler refuses, naming the pipeline, the stage, what was expected and what was found.

export class PipelineDefinitionError extends TypeError {
  constructor(
    place: { readonly pipeline: string; readonly stage?: string },
    expected: string,
    found: string,
  ) {
    const where = place.stage === undefined ? '' : `, stage "${place.stage}"`;
    super(`Pipeline "${place.pipeline}"${where}: expected ${expected}, found ${found}.`);
    this.name = 'PipelineDefinitionError';
  }
}
