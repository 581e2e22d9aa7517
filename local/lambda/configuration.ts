// A function as `GetFunctionConfiguration` and `ListFunctions` describe it.
// https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
import type { SdkValues } from '../service.ts';
import { VERSION } from './report.ts';
import type { StoredFunction } from './store.ts';

export function functionConfiguration(stored: StoredFunction): SdkValues {
  const { definition } = stored;
  return {
    FunctionName: definition.functionName,
    FunctionArn: stored.functionArn,
    Runtime: definition.runtime,
    Role: definition.roleArn,
    Handler: definition.handler,
    CodeSize: 0,
    Description: definition.description ?? '',
    Timeout: definition.timeoutMs / 1000,
    MemorySize: definition.memoryMb,
    LastModified: new Date(stored.lastModifiedMs).toISOString().replace('Z', '+0000'),
    CodeSha256: stored.codeSha256,
    Version: VERSION,
    Environment: { Variables: definition.environment },
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: stored.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
    EphemeralStorage: { Size: 512 },
    LoggingConfig: {
      LogFormat: 'Text',
      LogGroup: definition.logGroup ?? `/aws/lambda/${definition.functionName}`,
    },
  };
}

/** Where the code is: a folder on this machine instead of a presigned URL. */
export function functionDescription(stored: StoredFunction): SdkValues {
  const { definition } = stored;
  return {
    Configuration: functionConfiguration(stored),
    Code: { RepositoryType: 'S3', Location: `file://${definition.codeFolder}` },
    Tags: {},
    ...(definition.reservedConcurrency === undefined
      ? {}
      : { Concurrency: { ReservedConcurrentExecutions: definition.reservedConcurrency } }),
  };
}
