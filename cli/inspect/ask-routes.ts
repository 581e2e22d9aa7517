// Routes asked in this process: a path is matched to its route as API Gateway does it, a fixed segment before a variable.
import { answerRoute, errorAnswer, type Routes } from '../../layers/seriatim/inspection/http/answers.ts';
import type { Ask } from './api.ts';

export function askRoutes(routes: Routes): Ask {
  // A fixed segment sorts before `{`, which is how the more specific route comes first.
  const keys = Object.keys(routes).sort();
  return async ({ method, path, query = {}, body }) => {
    const wanted = `${method} ${path}`;
    for (const key of keys) {
      const parameters = match(key, wanted);
      if (parameters === undefined) continue;
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      return answerRoute(routes, key, { parameters, query, ...text });
    }
    return errorAnswer(409, 'NotPossible', 'This cannot be done where the execution is read from.');
  };
}

function match(key: string, wanted: string): Record<string, string> | undefined {
  const [pattern, parts] = [key.split('/'), wanted.split('/')];
  if (pattern.length !== parts.length) return;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of pattern.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name !== undefined) parameters[name] = decodeURIComponent(parts[at]!);
    else if (segment !== parts[at]) return;
  }
  return parameters;
}
