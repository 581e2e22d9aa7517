// A model's failure in its own plain words: the innermost sentence of the JSON that SageMaker, the container and the
// runtime wrapped around it, without addresses of consoles that are not there and without folders of the machine.
import { isObject } from './history.ts';
import { parseJson } from './payload.ts';

const WRAPPED =
  /^Received (?:client|server) error \((\d+)\) from (\S+) with message "(.*?)"(?:\. See https:.*|\.?)$/s;
const CONSOLE =
  / ?See https:\/\/\S*console\.aws\.amazon\.com\S*(?: in account (\d+))?(?: for more information)?\.?/g;
/** What a machine of one's own gives as its account. */
const NO_ACCOUNT = '000000000000';
/** A path of two folders or more; not an address, nor a log group of AWS. */
const PATH = /(?<![\w:/.-])\/(?!aws\/)(?:[\w.@+-]+\/){2,}([\w.@+-]+)/g;

/** @param message of a failed model call */
export function plainWords(message: string): string {
  const [, status, container, inner] = WRAPPED.exec(message) ?? [];
  const said =
    inner === undefined ? innermost(message) : `${container} answered ${status}: ${innermost(inner)}`;
  return withoutFolders(said.replaceAll(CONSOLE, '')).trim();
}

/** A cause as it was reported, less what leads nowhere: the console of no account, and folders. */
export function plainCause(cause: string): string {
  const kept = cause.replaceAll(CONSOLE, (link, account) => (account === NO_ACCOUNT ? '' : link));
  return withoutFolders(kept);
}

function withoutFolders(text: string): string {
  return text.replaceAll(PATH, '$1');
}

const SENTENCES = ['message', 'errorMessage', 'error', 'detail', 'cause'];

/** The text that lies deepest: `{"error":{"message":"…"}}`, also where that is JSON itself. */
function innermost(text: string): string {
  const value = /^\s*\{/.test(text) ? (parseJson(text) ?? parseJson(text.replaceAll('\\"', '"'))) : undefined;
  return sentenceOf(value) ?? text;
}

function sentenceOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return innermost(value);
  if (!isObject(value)) return;
  for (const name of SENTENCES) {
    const found = sentenceOf(value[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}
