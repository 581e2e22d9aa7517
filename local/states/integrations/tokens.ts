// Task tokens: who waits for a callback, and what SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat find.
import { randomBytes } from 'node:crypto';
import { AwsError } from '../../wire/errors.ts';
import { type Json, parseJson } from '../json/text.ts';
import { StateFailure } from '../run/failure.ts';

interface Waiting {
  readonly resolve: (output: Json) => void;
  readonly reject: (failure: StateFailure) => void;
  readonly onHeartbeat: () => void;
}

/** Tokens that were valid once, so that a late answer is told from a wrong one. */
const MAX_REMEMBERED = 10_000;

const TOKEN = /^[A-Za-z0-9+/=]{64,1024}$/;

export class TaskTokens {
  private readonly waiting = new Map<string, Waiting>();
  private readonly gone = new Set<string>();

  create(): string {
    return randomBytes(192).toString('base64');
  }

  /** Resolves with the callback's output. `forget` must be called when nobody waits any more. */
  wait(token: string, onHeartbeat: () => void): Promise<Json> {
    return new Promise((resolve, reject) => {
      this.waiting.set(token, { resolve, reject, onHeartbeat });
    });
  }

  forget(token: string): void {
    if (!this.waiting.delete(token)) return;
    this.gone.add(token);
    if (this.gone.size > MAX_REMEMBERED) this.gone.delete(this.gone.values().next().value!);
  }

  /** @throws AwsError InvalidToken, TaskDoesNotExist, TaskTimedOut, InvalidOutput */
  succeed(token: string, outputText: string): void {
    const waiting = this.find(token);
    waiting.resolve(parseOutput(outputText));
    this.forget(token);
  }

  fail(token: string, error: string | undefined, cause: string | undefined): void {
    const waiting = this.find(token);
    waiting.reject(new StateFailure(error, cause, { isTask: true }));
    this.forget(token);
  }

  heartbeat(token: string): void {
    this.find(token).onHeartbeat();
  }

  private find(token: string): Waiting {
    const waiting = this.waiting.get(token);
    if (waiting !== undefined) return waiting;
    if (this.gone.has(token)) {
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    }
    if (!TOKEN.test(token)) throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
  }
}

function parseOutput(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new AwsError('InvalidOutput', "Invalid Output: 'Invalid JSON'");
  }
}
