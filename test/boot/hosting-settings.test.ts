// Hosting's settings from the environment, and the page that lists them.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { hostingSettings, hostingVariable } from '../../local/boot/hosting-settings.ts';
import { DEFAULT_SETTINGS, type HostingSettings } from '../../local/sagemaker/settings.ts';

const NAMES = Object.keys(DEFAULT_SETTINGS) as (keyof HostingSettings)[];

it('takes every setting by its name, and leaves what is not given', () => {
  const environment = Object.fromEntries(NAMES.map((name, index) => [hostingVariable(name), `${index + 1}`]));

  expect(hostingSettings(environment)).toEqual(
    Object.fromEntries(NAMES.map((name, index) => [name, index + 1])),
  );
  expect(hostingSettings({ PATH: '/bin', SERIATIM_HOSTING_MODEL_DISK_BYTES: '' })).toEqual({});
});

it('takes bounds off where they may be', () => {
  expect(hostingSettings({ SERIATIM_HOSTING_MODEL_MEMORY_BYTES: 'unlimited' })).toEqual({
    modelMemoryBytes: Number.POSITIVE_INFINITY,
  });
});

it.each([
  ['SERIATIM_HOSTING_PAYLOAD_LIMIT', '5'],
  ['SERIATIM_HOSTING_PAYLOAD_LIMIT_BYTES', '25MB'],
  ['SERIATIM_HOSTING_PAYLOAD_LIMIT_BYTES', 'unlimited'],
  ['SERIATIM_HOSTING_PAYLOAD_LIMIT_BYTES', '-1'],
  ['SERIATIM_HOSTING_CONCURRENT_MODEL_LOADS', '0'],
  ['SERIATIM_HOSTING_CONCURRENT_MODEL_LOADS', '1.5'],
])('refuses %s=%s by name', (variable, text) => {
  expect(() => hostingSettings({ [variable]: text })).toThrow(variable);
});

it('has a row in the page on hosting for every setting', () => {
  const page = readFileSync(new URL('../../docs/hosting.md', import.meta.url), 'utf8');

  const documented = [...page.matchAll(/^\| `(SERIATIM_HOSTING_\w+)` \|/gm)].map(([, name]) => name);

  expect(documented).toEqual(NAMES.map(hostingVariable));
});

it('bounds the memory of multi-model containers by what the machine has', () => {
  expect(DEFAULT_SETTINGS.modelMemoryBytes).toBeGreaterThan(0);
  expect(DEFAULT_SETTINGS.modelMemoryBytes).toBeLessThanOrEqual(totalmem() / 2);
});
