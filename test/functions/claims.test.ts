// Claims over a real S3.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimObject } from '../../functions/claim-objects/claim.ts';
import { type Claim, carryPayload, readPayload } from '../../layers/seriatim/index.ts';
import type { S3 } from '../../local/s3/api.ts';
import { serveS3, useEndpoint } from './servers.ts';

let s3: S3;
let close: () => Promise<void>;
beforeAll(async () => {
  const served = await serveS3();
  const restore = useEndpoint(served.url);
  s3 = served.s3;
  await s3.createBucket('claims');
  close = async () => {
    restore();
    await served.close();
  };
});
afterAll(() => close());

const options = { bucket: 'claims', prefix: 'p/', thresholdBytes: 10 };

async function claimOf(text: string): Promise<Claim> {
  const carried = await carryPayload({ body: Buffer.from(text), contentType: 'text/plain' }, options);
  if (!('claim' in carried)) throw new Error('expected a claim');
  return carried.claim;
}

describe('an object that a batch names', () => {
  it.each([
    [
      'no type that is known',
      'hello',
      /^The bytes of p\/a\.png are of no type that is known; expected image\/jpeg\.$/,
    ],
    [
      'a type that is not taken',
      '\u0089PNG\r\n\u001a\n',
      /^The bytes of p\/a\.png are image\/png; expected image\/jpeg\.$/,
    ],
  ])('is refused for bytes of %s, which are named', async (_, text, message) => {
    const place = { bucket: 'claims', key: 'p/a.png' };
    await s3.putObject(place, Buffer.from(text, 'latin1'));

    await expect(claimObject(place, ['image/jpeg'])).rejects.toMatchObject({
      name: 'UnsupportedContentType',
      message: expect.stringMatching(message),
    });
  });
});

describe('a payload', () => {
  it.each([
    ['text', 'text/csv', Buffer.from('1,2,ä'), { text: '1,2,ä', contentType: 'text/csv' }],
    ['binary', 'image/png', Buffer.from([0, 255]), { base64: 'AP8=', contentType: 'image/png' }],
  ])('stays inline as %s up to the threshold', async (_, contentType, body, expected) => {
    const carried = await carryPayload({ body, contentType }, options);

    expect(carried).toEqual(expected);
    expect(Buffer.from((await readPayload(carried)).body)).toEqual(body);
  });

  it('becomes a claim one byte above the threshold, and reads back', async () => {
    const inline = await carryPayload(
      { body: Buffer.from('0123456789'), contentType: 'text/plain' },
      options,
    );
    const claim = await claimOf('0123456789a');

    expect(inline).toHaveProperty('text');
    expect(claim).toMatchObject({ bucket: 'claims', bytes: 11, key: `p/${claim.sha256}` });
    expect(Buffer.from((await readPayload({ claim })).body).toString()).toBe('0123456789a');
  });

  it('is not taken from an object that was changed', async () => {
    const claim = await claimOf('as it was written');
    await s3.putObject({ bucket: claim.bucket, key: claim.key }, 'as it was changed');

    await expect(readPayload({ claim })).rejects.toMatchObject({ name: 'ClaimMismatch', httpStatus: 502 });
  });

  it('is gone when its object is', async () => {
    const claim = await claimOf('here for a while');
    await s3.deleteObject({ bucket: claim.bucket, key: claim.key });

    await expect(readPayload({ claim })).rejects.toMatchObject({ name: 'ClaimNotFound', httpStatus: 410 });
  });
});
