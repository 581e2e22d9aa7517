// Listing against a plain model of it: filter, group, sort by bytes, cut into pages.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeToken, encodeToken, type ListRequest, list } from '../../local/s3/listing.ts';
import { afterPrefix, isBefore } from '../../local/s3/names.ts';
import type { StoredObject } from '../../local/s3/records.ts';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function objectsOf(keys: readonly string[]): (from: string) => StoredObject[] {
  const sorted = [...new Set(keys)].sort(byBytes);
  return (from) =>
    sorted
      .filter((key) => byBytes(key, from) >= 0)
      .map((key) => ({
        key,
        sizeBytes: 0,
        etag: '""',
        lastModifiedMs: 0,
        details: { headers: {}, metadata: {} },
      }));
}

/** Every entry of a listing, through pages. */
function pages(keys: readonly string[], request: Omit<ListRequest, 'after'>): string[] {
  const shown: string[] = [];
  let after = '';
  for (;;) {
    const page = list(objectsOf(keys), { ...request, after });
    const entries = [...page.objects.map(({ key }) => key), ...page.commonPrefixes];
    expect(entries.length).toBeLessThanOrEqual(request.maxKeys);
    shown.push(...entries.sort(byBytes));
    if (page.next === undefined) return shown;
    after = page.next;
  }
}

function model(keys: readonly string[], prefix: string, delimiter: string): string[] {
  const entries = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      return at === -1 ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(entries)].sort(byBytes);
}

/** Few letters, so that prefixes meet; some beyond the first plane, where UTF-16 order is not byte order. */
const key = fc
  .array(fc.constantFrom('a', 'b', '/', '//', '\u{ffff}', '\u{1f600}', '\u{d7ff}', '\u{10ffff}', '\0'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((letters) => letters.join(''));

describe('listing', () => {
  it('shows what the model shows, whatever the size of a page', () => {
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 30 }),
        fc.oneof(fc.constant(''), key),
        fc.constantFrom('', '/', 'b', '//', '\u{10ffff}'),
        fc.integer({ min: 1, max: 7 }),
        (keys, prefix, delimiter, maxKeys) => {
          expect(pages(keys, { prefix, delimiter, maxKeys })).toEqual(model(keys, prefix, delimiter));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('starts after any key, in it or not', () => {
    fc.assert(
      fc.property(fc.array(key), key, (keys, after) => {
        const page = list(objectsOf(keys), { prefix: '', delimiter: '', after, maxKeys: 1000 });

        const expected = [...new Set(keys)].filter((one) => isBefore(after, one)).sort(byBytes);
        expect(page.objects.map((object) => object.key)).toEqual(expected);
      }),
    );
  });

  it('seeks past one common prefix instead of walking through it', () => {
    let walked = 0;
    const all = objectsOf(Array.from({ length: 500 }, (_, index) => `${index % 5}/${index}`));
    const counted = function* (from: string): Generator<StoredObject> {
      for (const object of all(from)) {
        walked += 1;
        yield object;
      }
    };

    const page = list(counted, { prefix: '', delimiter: '/', after: '', maxKeys: 1000 });

    expect(page.commonPrefixes).toEqual(['0/', '1/', '2/', '3/', '4/']);
    expect(walked).toBe(5);
  });

  it('afterPrefix is the least string above every key with the prefix', () => {
    fc.assert(
      fc.property(key, key, (prefix, rest) => {
        const after = afterPrefix(prefix);
        fc.pre(after !== undefined);
        expect(isBefore(prefix + rest, after)).toBe(true);
        expect(after.startsWith(prefix)).toBe(false);
      }),
    );
    expect(afterPrefix('\u{10ffff}')).toBeUndefined();
    expect(afterPrefix('a\u{10ffff}')).toBe('b');
    expect(afterPrefix('\u{d7ff}')).toBe('\u{e000}');
  });

  it('takes no continuation token but its own', () => {
    fc.assert(
      fc.property(key, (after) => {
        expect(decodeToken(encodeToken(after))).toBe(after);
      }),
    );
    expect(decodeToken('no token')).toBeUndefined();
    expect(decodeToken('')).toBeUndefined();
  });
});
