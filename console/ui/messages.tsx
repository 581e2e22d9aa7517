// What stands in place of data: that it is being read, that there is none, or why it could not be read.
import { type FormEvent, type ReactNode, useState } from 'react';
import { ApiFailure, hasToken, keepToken } from '../api/client.ts';

export function Reading({ what }: { readonly what: string }) {
  return (
    <p className="quiet" role="status">
      Reading {what} …
    </p>
  );
}

export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="quiet">{children}</p>;
}

/** @param onRetry asks again, after a token was given too */
export function Problem({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const code = error instanceof ApiFailure ? error.code : error.name;
  const isRefused = error instanceof ApiFailure && [401, 403].includes(error.status);
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{code}</strong> {error.message}
      </p>
      {isRefused && code.startsWith('HTTP ') && hasToken() && (
        <p>The token that was given is wrong, or no longer valid.</p>
      )}
      {isRefused && onRetry !== undefined && <TokenForm onGiven={onRetry} />}
      {!isRefused && onRetry !== undefined && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

function TokenForm({ onGiven }: { readonly onGiven: () => void }) {
  const [token, setToken] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    keepToken(token);
    onGiven();
  };
  return (
    <form className="inline-form" onSubmit={submit}>
      <label>
        Token
        <input
          type="password"
          autoComplete="off"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
      </label>
      <button type="submit" disabled={token === ''}>
        Use it
      </button>
    </form>
  );
}
