// Stateful sessions: a session that a container opened goes to the instance that holds it, until it is closed or over.
// https://docs.aws.amazon.com/sagemaker/latest/dg/stateful-sessions.html
import type { Clock } from '../../clock.ts';
import type { LiveEndpoint } from '../hosting/endpoint.ts';
import type { Instance } from '../hosting/instance.ts';
import type { Variant } from '../hosting/variant.ts';
import type { InvocationAnswer } from './invocation.ts';

export const NEW_SESSION = 'NEW_SESSION';

interface Session {
  readonly variant: Variant;
  readonly instance: Instance;
  readonly expiresMs: number;
}

/** Past this many, sessions that are over are swept out. */
const SWEEP_AT = 1_000;

export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Where the session lives, while it does and its instance is healthy: where an update handed the instance's
   * containers over, with their next owner.
   */
  find(
    endpoint: LiveEndpoint,
    sessionId: string | undefined,
  ): { variant: Variant; instance: Instance } | undefined {
    if (sessionId === undefined || sessionId === NEW_SESSION) return undefined;
    const session = this.#sessions.get(`${endpoint.name}/${sessionId}`);
    if (session === undefined) return undefined;
    if (session.expiresMs <= this.#clock.now()) return undefined;
    const place = session.instance.isRetired ? endpoint.successorOf(session.instance) : session;
    return place?.instance.isHealthy ? place : undefined;
  }

  /** Remembers what an answer opened and forgets what it closed. */
  note(
    endpointName: string,
    answer: InvocationAnswer,
    place: { variant: Variant; instance: Instance },
  ): void {
    const { newSessionId, closedSessionId } = answer;
    if (closedSessionId !== undefined) this.#sessions.delete(`${endpointName}/${closedSessionId}`);
    if (newSessionId === undefined) return;
    if (this.#sessions.size >= SWEEP_AT) this.#sweep();
    const { id, expiresMs } = parseNewSession(newSessionId);
    this.#sessions.set(`${endpointName}/${id}`, { ...place, expiresMs });
  }

  #sweep(): void {
    const nowMs = this.#clock.now();
    for (const [id, session] of this.#sessions) if (session.expiresMs <= nowMs) this.#sessions.delete(id);
  }
}

/** `<id>; Expires=2026-01-01T00:00:00Z` */
export function parseNewSession(header: string): { id: string; expiresMs: number } {
  const [id = '', ...attributes] = header.split(';').map((part) => part.trim());
  const expires = attributes.find((part) => /^expires=/i.test(part))?.slice('expires='.length);
  const expiresMs = Date.parse(expires ?? '');
  return { id, expiresMs: Number.isNaN(expiresMs) ? Number.POSITIVE_INFINITY : expiresMs };
}
