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

/** A token that was out when the process last ended; its task does not wait again yet. */
interface Expected {
  readonly executionArn: string;
  readonly arrival: Promise<void>;
  readonly arrive: () => void;
}

/** Tokens that were valid once, so that a late answer is told from a wrong one. */
const MAX_REMEMBERED = 10_000;

const TOKEN = /^[A-Za-z0-9+/=]{64,1024}$/;

export class TaskTokens {
  private readonly waiting = new Map<string, Waiting>();
  private readonly gone = new Set<string>();
  private readonly expected = new Map<string, Expected>();

  create(): string {
    return randomBytes(192).toString('base64');
  }

  /** Resolves with the callback's output. `forget` must be called when nobody waits any more. */
  wait(token: string, onHeartbeat: () => void): Promise<Json> {
    return new Promise((resolve, reject) => {
      this.waiting.set(token, { resolve, reject, onHeartbeat });
      if (this.expected.size > 0) this.arrived(token);
    });
  }

  /** After a restart: the task will wait for it again, once its execution goes on. */
  expect(token: string, executionArn: string): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.expected.set(token, { executionArn, arrival: promise, arrive: resolve });
  }

  /** Resolves once the task of a token that is expected waits for it, or never will; undefined for any other token. */
  arrival(token: string): Promise<void> | undefined {
    return this.expected.get(token)?.arrival;
  }

  /** An execution has ended, or cannot go on: none of its tokens is expected any more. */
  over(executionArn: string): void {
    for (const [token, expected] of this.expected) {
      if (expected.executionArn !== executionArn) continue;
      this.remember(token);
      this.arrived(token);
    }
  }

  private arrived(token: string): void {
    this.expected.get(token)?.arrive();
    this.expected.delete(token);
  }

  forget(token: string): void {
    if (this.waiting.delete(token)) this.remember(token);
  }

  private remember(token: string): void {
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
