// What a caller may name as TargetModel: a key below the container's prefix, and nothing that climbs out of it.
import { createHash } from 'node:crypto';

/** 1 to 1,024 printable characters, the first not a blank. */
const TARGET_MODEL = /^[\x21-\x7e][\x20-\x7e]{0,1023}$/;

/** What is wrong with the name, or undefined when it may be looked up. */
export function targetModelProblem(targetModel: string): string | undefined {
  if (!TARGET_MODEL.test(targetModel))
    return 'it must be 1 to 1024 printable ASCII characters and not begin with a blank';
  const plain = decoded(targetModel);
  if (/^[/\\]|^[a-z][a-z0-9+.-]*:\/\//i.test(plain))
    return 'it must be relative to the prefix of the model data URL';
  if (plain.split(/[/\\]/).some((part) => part === '..' || part === '.'))
    return 'it must not lead out of the prefix of the model data URL';
  return undefined;
}

/** As any layer between here and a disk might decode it, also when it was encoded more than once. */
function decoded(text: string): string {
  let plain = text;
  for (let round = 0; round < 4; round++) {
    const next = plain.replace(/%(2e|2f|5c|25)/gi, (code) => decodeURIComponent(code));
    if (next === plain) break;
    plain = next;
  }
  return plain;
}

/** The opaque name under which the container knows a model. */
export function modelHash(bucket: string, key: string): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, 32);
}
