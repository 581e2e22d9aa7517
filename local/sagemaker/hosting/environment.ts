// The environment of a container: SageMaker's own variables, the image table's and the model's.
// https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
import { join } from 'node:path';
import type { ImageLauncher } from '../api.ts';
import type { ContainerPlan } from './plan.ts';
import type { PortBlock } from './ports.ts';

export interface EnvironmentFacts {
  readonly plan: ContainerPlan;
  readonly launcher: Extract<ImageLauncher, { kind: 'command' }>;
  readonly block: PortBlock;
  readonly region: string;
  readonly baseFolder: string;
}

export function containerEnvironment(facts: EnvironmentFacts): Record<string, string> {
  const { plan, launcher, block, region, baseFolder } = facts;
  return {
    // What SageMaker's inference toolkits look up before they fall back to /opt/ml/model.
    SM_MODEL_DIR: join(baseFolder, 'model'),
    ...launcher.environment,
    ...plan.environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    SAGEMAKER_REGION: region,
    SAGEMAKER_BIND_TO_PORT: String(block.bindPort),
    SAGEMAKER_SAFE_PORT_RANGE: block.safeRange,
    SAGEMAKER_MULTI_MODEL: String(plan.isMultiModel),
    SAGEMAKER_BASE_DIR: baseFolder,
    // A container of ours ends when its standard input closes, so that none outlives a killed host.
    SERIATIM_EXIT_WITH_PARENT: '1',
  };
}
