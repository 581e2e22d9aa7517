import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { chooseFormat, decodeBody, encodeBody } from '../../container/formats/index.ts';
import type { Dtype, Signature, TensorSpec } from '../../container/tensors.ts';
import { tensorOf } from './arbitrary.ts';

/** Two pixels wide, one high: red, blue. */
const RED_BLUE = Buffer.from([255, 0, 0, 0, 0, 255]);
const picture = () => sharp(RED_BLUE, { raw: { width: 2, height: 1, channels: 3 } });

function taking(shape: TensorSpec['shape'], dtype: Dtype = 'uint8'): Signature {
  return { inputs: [{ name: 'image', dtype, shape }], outputs: [], isBatched: true };
}

const decode = async (body: Buffer, type: string, signature: Signature) =>
  (await decodeBody(body, type, signature)).parts[0]!.tensors.image!;

describe('an image', () => {
  it.each(['png', 'webp'] as const)('in %s becomes a tensor with channels last', async (format) => {
    const body = await picture()
      [format]({ lossless: true } as never)
      .toBuffer();

    expect(await decode(body, `image/${format}`, taking(['N', 'H', 'W', 3]))).toEqual(
      tensorOf('uint8', [1, 1, 2, 3], [...RED_BLUE]),
    );
  });

  it('in JPEG becomes a tensor of the same size', async () => {
    const body = await picture().jpeg().toBuffer();

    expect((await decode(body, 'image/jpeg', taking(['N', 'H', 'W', 3]))).shape).toEqual([1, 1, 2, 3]);
  });

  it('becomes floats with channels first where the model takes them', async () => {
    const tensor = await decode(
      await picture().png().toBuffer(),
      'image/png',
      taking(['N', 3, 'H', 'W'], 'float32'),
    );

    expect(tensor).toEqual(tensorOf('float32', [1, 3, 1, 2], [255, 0, 0, 0, 0, 255]));
  });

  it('is turned as its EXIF orientation says', async () => {
    const body = await picture().withMetadata({ orientation: 6 }).png().toBuffer();

    expect((await decode(body, 'image/png', taking(['N', 'H', 'W', 3]))).shape).toEqual([1, 2, 1, 3]);
  });

  it('with transparency loses it for RGB, and gains it for RGBA', async () => {
    const clear = await picture().ensureAlpha(0.5).png().toBuffer();
    const opaque = await picture().png().toBuffer();

    expect((await decode(clear, 'image/png', taking(['N', 'H', 'W', 3]))).shape[3]).toBe(3);
    expect([...((await decode(opaque, 'image/png', taking(['N', 'H', 'W', 4]))).data as Uint8Array)]).toEqual(
      [255, 0, 0, 255, 0, 0, 255, 255],
    );
  });

  it('becomes grey where the model takes one channel, and colours where a grey one meets three', async () => {
    const grey = await picture().greyscale().png().toBuffer();

    expect(
      (await decode(await picture().png().toBuffer(), 'image/png', taking(['N', 'H', 'W', 1]))).shape,
    ).toEqual([1, 1, 2, 1]);
    expect((await decode(grey, 'image/png', taking(['N', 'H', 'W', 3]))).shape).toEqual([1, 1, 2, 3]);
  });

  it('is scaled to the model only when asked to', async () => {
    const body = await picture().png().toBuffer();
    const signature = taking(['N', 4, 6, 3]);

    expect((await decode(body, 'image/png; resize=fill', signature)).shape).toEqual([1, 4, 6, 3]);
    expect((await decode(body, 'image/png', signature)).shape).toEqual([1, 1, 2, 3]);
  });

  it('for a model that takes none is refused with 415, and bytes that are none with 400', async () => {
    await expect(decode(Buffer.from('x'), 'image/png', taking(['N', 7], 'float32'))).rejects.toMatchObject({
      statusCode: 415,
    });
    await expect(decode(Buffer.from('x'), 'image/png', taking(['N', 'H', 'W', 3]))).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  it('comes back from a model that answers one', async () => {
    const signature = taking(['N', 3, 'H', 'W']);
    const tensors = { picture: tensorOf('uint8', [1, 3, 1, 2], [255, 0, 0, 0, 0, 255]) };
    const format = chooseFormat('image/png', { defaultAccept: 'application/json' });

    const { body, contentType } = await encodeBody([{ tensors, rows: 1 }], 1, {
      format,
      signature,
      modelName: 'm',
    });

    expect(contentType).toBe('image/png');
    expect(
      await sharp(body as Uint8Array)
        .raw()
        .toBuffer(),
    ).toEqual(RED_BLUE);
  });
});
