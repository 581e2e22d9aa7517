// The pipeline photo-themes end to end: every sample photo by API and by batch, with pictures of every kind of wrong.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agree, ask, BATCH_BUCKET, runBatch, s3Of } from './callers.ts';
import { PROJECT, type Product, startProduct } from './product.ts';

const PIPELINE = 'photo-themes';
const FOLDER = join(PROJECT, 'models/photo-themes/scenes');

interface Themes {
  readonly quality: number;
  readonly labels?: string[];
  readonly theme?: string | null;
  readonly reason?: string;
  readonly rejected?: string;
}
interface Scene {
  readonly file: string;
  readonly reference: { readonly quality: number; readonly labels: string[]; readonly theme: string };
}

const scenes = JSON.parse(readFileSync(join(FOLDER, 'truth.json'), 'utf8')) as Scene[];
const photoOf = ({ file }: Scene): Buffer => readFileSync(join(FOLDER, file));
/** Grey all over: of passable quality, and nothing is on it. */
const plain = (): Promise<Buffer> =>
  sharp({ create: { width: 192, height: 192, channels: 3, background: '#808080' } })
    .png()
    .toBuffer();
const poor = (): Promise<Buffer> => sharp(photoOf(scenes[0]!)).blur(2).png().toBuffer();

let product: Product;
beforeAll(async () => {
  product = await startProduct();
}, 60_000);
afterAll(() => product.stop());

const send = <Answer = Themes>(body: Uint8Array, contentType = 'image/png') =>
  ask<Answer>(product, PIPELINE, body, { contentType });

describe('photo-themes', () => {
  it('gives each sample photo its recorded quality, labels and theme', async () => {
    for (const scene of scenes) {
      const { json } = await send(photoOf(scene));
      const { quality, labels, theme } = scene.reference;

      expect({ file: scene.file, labels: json.labels, theme: json.theme }).toEqual({
        file: scene.file,
        labels,
        theme,
      });
      expect(agree(json.quality, quality), `${scene.file}: ${json.quality} for ${quality}`).toBe(true);
    }
  });

  it('takes JPEG, and tells the time of each stage', async () => {
    const jpeg = await sharp(photoOf(scenes[0]!)).jpeg({ quality: 95 }).toBuffer();

    const { status, json, headers } = await send(jpeg, 'image/jpeg');

    expect(status).toBe(200);
    expect(json).toMatchObject({ labels: scenes[0]!.reference.labels, theme: 'animals' });
    expect(headers.get('server-timing')).toMatch(
      /^AssessQuality;dur=\d+, Recognise;dur=\d+, GroupByTheme;dur=\d+$/,
    );
  });

  it('turns a poor photo away with the reason, before anything is recognised', async () => {
    const { status, json, headers } = await send(await poor());

    expect(status).toBe(200);
    expect(json).toEqual({
      quality: expect.any(Number),
      rejected: expect.stringMatching(/^The quality is 0\.\d+, under 0\.3\.$/),
    });
    expect(headers.get('server-timing')).toMatch(/^AssessQuality;dur=\d+$/);
  });

  it('says of a photo on which nothing is recognised that it has no theme, and why', async () => {
    const { status, json, headers } = await send(await plain());

    expect(status).toBe(200);
    expect(json).toEqual({
      quality: expect.any(Number),
      labels: [],
      theme: null,
      reason: 'None of the 40 kinds of object that the model knows is more likely than not on the photo.',
    });
    expect(headers.get('server-timing')).toMatch(/^AssessQuality;dur=\d+, Recognise;dur=\d+$/);
  });

  it.each<[string, () => Uint8Array, string, number, string]>([
    ['a type that is no picture', () => Buffer.from('{}'), 'application/json', 415, 'UnsupportedContentType'],
    ['bytes that are no picture', () => Buffer.from('not a picture'), 'image/png', 400, 'InvalidPayload'],
    ['a PNG that says JPEG', () => photoOf(scenes[0]!), 'image/jpeg', 400, 'InvalidPayload'],
    ['half a picture', () => photoOf(scenes[0]!).subarray(0, 4_000), 'image/png', 400, 'InvalidPayload'],
    [
      'a picture over the limit',
      () => Buffer.alloc(4.2 * 1024 * 1024, photoOf(scenes[0]!)),
      'image/png',
      413,
      'PayloadTooLarge',
    ],
  ])('refuses %s', async (_, body, type, status, code) => {
    const answer = await send<{ error: { code: string } }>(body(), type);

    expect({ status: answer.status, code: answer.json.error.code }).toEqual({ status, code });
  });

  it('groups a batch of photos by theme, the poor apart, and tells of those that are missing', async () => {
    const s3 = s3Of(product);
    const some = scenes.slice(0, 12);
    const put = (name: string, Body: Uint8Array) =>
      s3.send(new PutObjectCommand({ Bucket: BATCH_BUCKET, Key: `${PIPELINE}/photos/${name}`, Body }));
    await Promise.all([
      ...some.map((scene) => put(scene.file, photoOf(scene))),
      put('poor.png', await poor()),
      put('plain.png', await plain()),
    ]);
    const names = [...some.map(({ file }) => file), 'poor.png', 'gone.png', 'plain.png'];
    const text = names.map((name) => JSON.stringify({ key: `${PIPELINE}/photos/${name}` })).join('\n');

    const { out, errors, text: read } = await runBatch(product, PIPELINE, { name: 'holiday.jsonl', text });

    const lines = out.map((line) => JSON.parse(line) as Themes);
    expect(lines.slice(0, 12)).toEqual(
      some.map(({ file, reference: { labels, theme } }) => ({
        key: `${PIPELINE}/photos/${file}`,
        quality: expect.any(Number),
        labels,
        theme,
      })),
    );
    expect(lines[12]).toMatchObject({ rejected: expect.any(String) });
    expect(errors.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ position: 13, error: expect.objectContaining({ code: 'ClaimNotFound' }) }),
    ]);
    const groups = JSON.parse(await read('out/holiday.jsonl.groups.json')) as Record<string, string[]>;
    expect(lines[14]).toMatchObject({ labels: [], theme: null, reason: expect.any(String) });
    expect(groups.none).toEqual([`${PIPELINE}/photos/plain.png`]);
    expect(groups.rejected).toEqual([`${PIPELINE}/photos/poor.png`]);
    const animals = some.filter(({ reference }) => reference.theme === 'animals');
    expect(groups.animals).toEqual(animals.map(({ file }) => `${PIPELINE}/photos/${file}`));
    s3.destroy();
  });
});
