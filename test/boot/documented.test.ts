// The page on the template says of every resource type what becomes of it here.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RESOURCE_TYPES } from '../../local/boot/resources/registry.ts';

it('has a row for every resource type, and for no other', () => {
  const page = readFileSync(new URL('../../docs/template.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `AWS::'));

  const documented = rows.flatMap((row) => row.split('|')[1]!.match(/AWS::\w+::\w+/g)!);

  expect(documented.sort()).toEqual(Object.keys(RESOURCE_TYPES).sort());
});
