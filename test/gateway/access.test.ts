// Who is served where the port was bound wider than this machine: those who bear the token.
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { isServed } from '../../local/gateway/access.ts';

function from(remoteAddress: string, authorization?: string, host = 'localhost:3000'): IncomingMessage {
  return { socket: { remoteAddress }, headers: { authorization, host } } as never;
}

describe('access', () => {
  it('is for this machine alone unless told', () => {
    expect(isServed(from('127.0.0.1'), 'loopback')).toBe(true);
    expect(isServed(from('10.0.0.7'), 'loopback')).toBe(false);
    expect(isServed(from('10.0.0.7', 'Bearer secret'), 'loopback')).toBe(false);
  });

  it.each(['127.0.0.1', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST', 'seriatim.localhost:3000', ''])(
    'is for this machine under the name "%s"',
    (host) => {
      expect(isServed(from('127.0.0.1', undefined, host), 'loopback')).toBe(true);
    },
  );

  it.each([
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'notlocalhost',
    'localhost.evil.example',
  ])('is not for a page of "%s" whose name leads here', (host) => {
    expect(isServed(from('127.0.0.1', undefined, host), 'loopback')).toBe(false);
  });

  it('is for others with the token, and no other token', () => {
    const access = { token: 'secret' };

    expect(isServed(from('10.0.0.7', 'Bearer secret'), access)).toBe(true);
    expect(isServed(from('::ffff:127.0.0.1'), access)).toBe(true);
    for (const given of [undefined, 'secret', 'Bearer ', 'Bearer secret2', 'Basic secret'])
      expect(isServed(from('10.0.0.7', given), access)).toBe(false);
  });
});
