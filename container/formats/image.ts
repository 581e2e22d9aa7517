// Images: PNG, JPEG and WebP decoded to the model's one image input, with the EXIF orientation applied, and an image
// output encoded. The input's shape tells the layout: channels last ([N, H, W, 3]) or first ([N, 3, H, W]); 1 channel
// is grey, 3 are RGB, 4 RGBA. Values are 0 to 255, in uint8 or as floats. `image/png; resize=fill` scales to the
// model's fixed height and width, otherwise they must fit.
import { createRequire } from 'node:module';
import type { Sharp, SharpOptions } from 'sharp';
import { InferenceError } from '../errors.ts';
import {
  allocate,
  describeSpec,
  type Signature,
  type Tensor,
  type TensorSpec,
  viewBytes,
} from '../tensors.ts';
import type { DecodeContext, DecodedBody, EncodeContext, EncodedBody, Part } from './codec.ts';
import type { MediaType } from './media-type.ts';

/** A small file may unpack to very many pixels. */
const PIXEL_LIMIT = 64 * 1024 * 1024;

type SharpModule = (input: Buffer, options: SharpOptions) => Sharp;
const require = createRequire(import.meta.url);
let loadedSharp: SharpModule | undefined;

/** Loaded with the first image; without libvips' own cache and threads, which a server does not gain by. */
function loadSharp(): SharpModule {
  if (loadedSharp !== undefined) return loadedSharp;
  const sharp = require('sharp') as typeof import('sharp').default;
  sharp.cache(false);
  sharp.concurrency(1);
  loadedSharp = sharp as unknown as SharpModule;
  return loadedSharp;
}

/** Where an image's axes are in a tensor of rank 4. */
export interface ImageLayout {
  readonly isChannelsLast: boolean;
  readonly channels: 1 | 3 | 4;
  readonly height: number | string;
  readonly width: number | string;
}

/** The layout that a shape tells; undefined for what is no image. */
export function imageLayout({ shape, dtype }: Pick<TensorSpec, 'shape' | 'dtype'>): ImageLayout | undefined {
  if (shape.length !== 4 || (dtype !== 'uint8' && !dtype.startsWith('float'))) return undefined;
  const [, second, third, last] = shape as [unknown, number | string, number | string, number | string];
  if (isChannels(last)) return { isChannelsLast: true, channels: last, height: second, width: third };
  if (isChannels(second)) return { isChannelsLast: false, channels: second, height: third, width: last };
  return undefined;
}

function isChannels(dimension: unknown): dimension is 1 | 3 | 4 {
  return dimension === 1 || dimension === 3 || dimension === 4;
}

/** @throws InferenceError InvalidPayload, UnsupportedContentType where the model takes no image */
export async function decodeImage(
  body: Buffer,
  { contentType, signature }: DecodeContext,
): Promise<DecodedBody> {
  const { spec, layout } = imageInput(signature);
  const { pixels, width, height } = await readPixels(body, layout, contentType);
  const tensor = toTensor(pixels, { spec, layout, width, height });
  return { parts: [{ tensors: { [spec.name]: tensor }, rows: 1 }], rows: 1 };
}

function imageInput({ inputs }: Signature): { spec: TensorSpec; layout: ImageLayout } {
  const [spec, ...others] = inputs;
  const layout = spec && others.length === 0 ? imageLayout(spec) : undefined;
  if (spec !== undefined && layout !== undefined) return { spec, layout };
  const described = inputs.map((input) => `"${input.name}" ${describeSpec(input)}`).join(', ');
  throw new InferenceError(
    'UnsupportedContentType',
    `The model takes ${described}, which is no single image.`,
  );
}

interface Pixels {
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
}

/** The library reads many more formats than these three, which nobody has asked for. */
function isImage(body: Buffer): boolean {
  const start = body.toString('latin1', 0, 12);
  const isWebp = start.startsWith('RIFF') && start.endsWith('WEBP');
  return isWebp || start.startsWith('\x89PNG\r\n\x1a\n') || start.startsWith('\xff\xd8\xff');
}

async function readPixels(body: Buffer, layout: ImageLayout, contentType: MediaType): Promise<Pixels> {
  if (!isImage(body)) throw new InferenceError('InvalidPayload', 'The body is neither PNG, JPEG nor WebP.');
  try {
    const image = loadSharp()(body, { limitInputPixels: PIXEL_LIMIT, failOn: 'error' }).rotate();
    const sized = resize(image, layout, contentType);
    const { data, info } = await withChannels(sized, layout.channels)
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, width: info.width, height: info.height };
  } catch (thrown) {
    throw new InferenceError('InvalidPayload', `The image does not decode: ${(thrown as Error).message}`);
  }
}

function resize(image: Sharp, { width, height }: ImageLayout, { parameters }: MediaType): Sharp {
  if (parameters.resize !== 'fill' || typeof width !== 'number' || typeof height !== 'number') return image;
  return image.resize(width, height, { fit: 'fill' });
}

/** Grey is one channel; transparency is dropped for RGB and opaque where RGBA is wanted of an image without. */
function withChannels(image: Sharp, channels: 1 | 3 | 4): Sharp {
  if (channels === 1) return image.flatten().greyscale().toColourspace('b-w').extractChannel(0);
  const colours = image.toColourspace('srgb');
  return channels === 3 ? colours.removeAlpha() : colours.ensureAlpha();
}

interface TensorTarget {
  readonly spec: TensorSpec;
  readonly layout: ImageLayout;
  readonly width: number;
  readonly height: number;
}

function toTensor(pixels: Buffer, { spec, layout, width, height }: TensorTarget): Tensor {
  const { channels, isChannelsLast } = layout;
  const shape = isChannelsLast ? [1, height, width, channels] : [1, channels, height, width];
  const planes = isChannelsLast ? pixels : planesOf(pixels, channels);
  if (spec.dtype === 'uint8') return { dtype: 'uint8', shape, data: viewBytes('uint8', planes) };
  const data = allocate(spec.dtype, planes.length) as Float32Array;
  data.set(planes);
  return { dtype: spec.dtype, shape, data };
}

/** RGBRGB… to RR…GG…BB… */
function planesOf(pixels: Uint8Array, channels: number): Uint8Array {
  const size = pixels.length / channels;
  const planes = new Uint8Array(pixels.length);
  for (let pixel = 0; pixel < size; pixel++) {
    for (let channel = 0; channel < channels; channel++)
      planes[channel * size + pixel] = pixels[pixel * channels + channel]!;
  }
  return planes;
}

/** RR…GG…BB… to RGBRGB… */
function interleave(planes: Uint8Array, channels: number): Uint8Array {
  const size = planes.length / channels;
  const pixels = new Uint8Array(planes.length);
  for (let pixel = 0; pixel < size; pixel++) {
    for (let channel = 0; channel < channels; channel++)
      pixels[pixel * channels + channel] = planes[channel * size + pixel]!;
  }
  return pixels;
}

/** The one image output of one record. @throws InferenceError NotAcceptable where there is none */
export async function encodeImage(
  parts: readonly Part[],
  rows: number,
  { accept }: EncodeContext,
): Promise<EncodedBody> {
  const images = parts.flatMap(({ tensors }) =>
    Object.values(tensors).filter((tensor) => imageLayout(tensor) !== undefined),
  );
  const [tensor] = images;
  if (rows !== 1 || images.length !== 1 || tensor === undefined) {
    throw new InferenceError(
      'NotAcceptable',
      `The answer to ${rows} records holds ${images.length} images, not one.`,
    );
  }
  const format = accept.type.slice('image/'.length) as 'png' | 'jpeg' | 'webp';
  const layout = imageLayout(tensor)!;
  const bytes =
    tensor.dtype === 'uint8'
      ? (tensor.data as Uint8Array)
      : Uint8ClampedArray.from(tensor.data as Float32Array);
  const raw = { width: layout.width as number, height: layout.height as number, channels: layout.channels };
  const pixels = layout.isChannelsLast ? bytes : interleave(bytes as Uint8Array, layout.channels);
  const body = await loadSharp()(Buffer.from(pixels), { raw })[format]().toBuffer();
  return { body, contentType: accept.type };
}
