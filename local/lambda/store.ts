// The functions that exist, by name, each with the pool that runs it.
import { createHash, randomUUID } from 'node:crypto';
import { type AwsPlace, arn } from '../service.ts';
import { AwsError } from '../wire/errors.ts';
import type { FunctionDefinition } from './api.ts';
import { parseFunctionName } from './names.ts';
import type { EnvironmentPool } from './pool.ts';
import { VERSION } from './report.ts';

export interface StoredFunction {
  readonly definition: FunctionDefinition;
  readonly functionArn: string;
  readonly pool: EnvironmentPool;
  readonly lastModifiedMs: number;
  readonly revisionId: string;
  readonly codeSha256: string;
  /** Invocations accepted and not yet answered. */
  inFlight: number;
}

export class FunctionStore {
  private readonly byName = new Map<string, StoredFunction>();
  /** Names as callers spell them, resolved before: parsing is not repeated on the hot path. */
  private readonly resolved = new Map<string, StoredFunction>();
  private readonly place: AwsPlace;

  constructor(place: AwsPlace) {
    this.place = place;
  }

  functionArn(functionName: string): string {
    return arn(this.place, 'lambda', `function:${functionName}`);
  }

  /** Returns the function that was there before. */
  put(definition: FunctionDefinition, pool: EnvironmentPool, nowMs: number): StoredFunction | undefined {
    const previous = this.byName.get(definition.functionName);
    this.byName.set(definition.functionName, {
      definition,
      functionArn: this.functionArn(definition.functionName),
      pool,
      lastModifiedMs: nowMs,
      revisionId: randomUUID(),
      // The code is a folder, not an archive; a digest of its description stands for it and changes with each put.
      codeSha256: createHash('sha256')
        .update(JSON.stringify([definition, nowMs]))
        .digest('base64'),
      inFlight: 0,
    });
    this.resolved.clear();
    return previous;
  }

  /** @throws AwsError ResourceNotFoundException, ValidationException */
  find(name: string, qualifier?: string): StoredFunction {
    const known = qualifier === undefined ? this.resolved.get(name) : undefined;
    if (known !== undefined) return known;
    const address = parseFunctionName(name, qualifier);
    const found = this.byName.get(address.functionName);
    const isLatest = address.qualifier === undefined || address.qualifier === VERSION;
    if (found === undefined || !isLatest) throw this.notFound(address);
    if (qualifier === undefined) this.resolved.set(name, found);
    return found;
  }

  list(): StoredFunction[] {
    return [...this.byName.values()].sort((a, b) =>
      a.definition.functionName < b.definition.functionName ? -1 : 1,
    );
  }

  private notFound({
    functionName,
    qualifier,
  }: {
    functionName: string;
    qualifier: string | undefined;
  }): AwsError {
    const suffix = qualifier === undefined ? '' : `:${qualifier}`;
    return new AwsError(
      'ResourceNotFoundException',
      `Function not found: ${this.functionArn(functionName)}${suffix}`,
      { statusCode: 404, members: { Type: 'User' } },
    );
  }
}
