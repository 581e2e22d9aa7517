// Hosting's settings as a user gives them: one environment variable each, `SERIATIM_HOSTING_` and the setting's name in
// capitals (`payloadLimitBytes`: `SERIATIM_HOSTING_PAYLOAD_LIMIT_BYTES`). docs/hosting.md has the table. A name that is
// none, or a value out of range, ends the start: a limit that is not the one meant is worse than no start.
import { DEFAULT_SETTINGS, type HostingSettings } from '../sagemaker/settings.ts';
import { StartFailure } from './failure.ts';

export const HOSTING_PREFIX = 'SERIATIM_HOSTING_';

type SettingName = keyof HostingSettings;

/** May be `unlimited`. */
const BOUNDS: ReadonlySet<SettingName> = new Set([
  'containerPayloadLimitBytes',
  'modelMemoryBytes',
  'maxLoadedModels',
  'modelDiskBytes',
]);
/** May be 0. */
const FROM_ZERO: ReadonlySet<SettingName> = new Set(['modelLoadRest', 'stopGraceMs', 'captureFlushMs']);
/** May have a fraction. */
const FRACTIONS: ReadonlySet<SettingName> = new Set(['modelLoadRest']);

const NAMES = Object.keys(DEFAULT_SETTINGS) as SettingName[];

/** `payloadLimitBytes` → `SERIATIM_HOSTING_PAYLOAD_LIMIT_BYTES` */
export function hostingVariable(name: SettingName): string {
  return HOSTING_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * The settings that the environment gives; the others keep their defaults.
 * @throws StartFailure naming the variable and what it may be
 */
export function hostingSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Partial<HostingSettings> {
  const byVariable = new Map(NAMES.map((name) => [hostingVariable(name), name]));
  const given = Object.entries(environment).filter(
    ([variable, text]) => variable.startsWith(HOSTING_PREFIX) && text !== undefined && text !== '',
  );
  return Object.fromEntries(
    given.map(([variable, text]) => {
      const name = byVariable.get(variable);
      if (name === undefined)
        throw new StartFailure(`${variable} is no setting of hosting; docs/hosting.md has them all`);
      return [name, settingOf(name, variable, text!)];
    }),
  );
}

function settingOf(name: SettingName, variable: string, text: string): number {
  if (BOUNDS.has(name) && text === 'unlimited') return Number.POSITIVE_INFINITY;
  const pattern = FRACTIONS.has(name) ? /^\d+(\.\d+)?$/ : /^\d+$/;
  const value = Number(text);
  const min = FROM_ZERO.has(name) ? 0 : 1;
  if (pattern.test(text) && Number.isSafeInteger(Math.ceil(value)) && value >= min) return value;
  const kind = FRACTIONS.has(name) ? 'a number' : 'a whole number';
  const unlimited = BOUNDS.has(name) ? ', or unlimited' : '';
  throw new StartFailure(`${variable} is "${text}": it must be ${kind} of at least ${min}${unlimited}`);
}
