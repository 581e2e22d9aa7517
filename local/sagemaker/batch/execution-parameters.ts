// How a transform job drives its containers: what the request says, else what the container's /execution-parameters
// answers, else the default. https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
import type { Clock } from '../../clock.ts';
import type { Container } from '../hosting/container.ts';
import { Deadline } from '../hosting/deadline.ts';
import type { TransformRequest } from './transform-request.ts';

export interface ExecutionParameters {
  readonly MaxConcurrentTransforms: number;
  readonly BatchStrategy: 'MULTI_RECORD' | 'SINGLE_RECORD';
  readonly MaxPayloadInMB: number;
}

const DEFAULTS: ExecutionParameters = {
  MaxConcurrentTransforms: 1,
  BatchStrategy: 'MULTI_RECORD',
  MaxPayloadInMB: 6,
};
const TIMEOUT_MS = 2_000;

export async function executionParameters(
  container: Container,
  request: TransformRequest,
  clock: Clock,
): Promise<ExecutionParameters> {
  const own = await ask(container, clock);
  const strategy = request.BatchStrategy === 'SingleRecord' ? 'SINGLE_RECORD' : 'MULTI_RECORD';
  return {
    MaxConcurrentTransforms:
      request.MaxConcurrentTransforms || own.MaxConcurrentTransforms || DEFAULTS.MaxConcurrentTransforms,
    BatchStrategy:
      request.BatchStrategy === undefined ? (own.BatchStrategy ?? DEFAULTS.BatchStrategy) : strategy,
    MaxPayloadInMB: request.MaxPayloadInMB ?? own.MaxPayloadInMB ?? DEFAULTS.MaxPayloadInMB,
  };
}

async function ask(container: Container, clock: Clock): Promise<Partial<ExecutionParameters>> {
  const deadline = new Deadline(clock, TIMEOUT_MS);
  try {
    const request = {
      method: 'GET',
      path: '/execution-parameters',
      headers: ['accept', 'application/json'],
    } as const;
    const answer = await container.exchange({ ...request, headers: [...request.headers] }, deadline);
    return answer.status === 200
      ? (JSON.parse(answer.body.toString('utf8')) as Partial<ExecutionParameters>)
      : {};
  } catch {
    // A container need not answer this.
    return {};
  } finally {
    deadline.end();
  }
}
