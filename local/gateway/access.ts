// Who is served: this machine always; another one only where the port was bound wider, and only with the token.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isLoopback } from './receive.ts';

/**
 * `loopback`: unsigned requests are served when they come from this machine and mean it, and no others. `{ token }`: those from
 * other machines too, when they bear it as `Authorization: Bearer …`. `anyone`: every request; for a port that
 * something else guards.
 */
export type Access = 'loopback' | 'anyone' | { readonly token: string };

export function isServed(request: IncomingMessage, access: Access): boolean {
  if (access === 'anyone' || (isLoopback(request) && namesLoopback(request.headers.host))) return true;
  return access !== 'loopback' && bearsToken(request, access.token);
}

/**
 * Whether the host that the client means is this machine. A page of another site whose name was made to lead here (DNS
 * rebinding) reads nothing: its browser still sends that site's name.
 */
function namesLoopback(host = ''): boolean {
  return LOOPBACK_HOST.test(host);
}

const LOOPBACK_HOST = /^(127(\.\d{1,3}){3}|\[::1\]|(.+\.)?localhost)?(:\d+)?$/i;

/** Digests are compared: they have one length, and comparing them takes one time. */
function bearsToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
