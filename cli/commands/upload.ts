// `seriatim models upload --bucket <name>`: packs the sample models and puts them into the model bucket, as a
// deployment needs before its endpoints are created. Credentials and region come from the environment or a profile.
import type { Command } from 'commander';

export function register(program: Command): void {
  const models = program.commands.find((command) => command.name() === 'models') ?? program.command('models');
  if (models.description() === '') models.description('The models as artefacts');
  models
    .command('upload')
    .description(
      'Pack the models and put them into the model bucket, those that are not there or have changed',
    )
    .requiredOption('--bucket <name>', 'the model bucket (output ModelBucketName of the deployment)')
    .action(async ({ bucket }: { bucket: string }) => {
      const { uploadModels } = await import('../run/upload-models.ts');
      const { uploaded, unchanged } = await uploadModels(bucket);
      console.log(`${uploaded} uploaded to s3://${bucket}, ${unchanged} unchanged`);
    });
}
