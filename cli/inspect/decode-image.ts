// Images of any format as luminance, by the library that the models use; in the functions only PNG is read.
import type { DecodeImage } from '../../layers/seriatim/inspection/compare/pixels.ts';

export const decodeImage: DecodeImage = async (body) => {
  const { default: sharp } = await import('sharp');
  try {
    const { data, info } = await sharp(body).greyscale().raw().toBuffer({ resolveWithObject: true });
    const values = Float32Array.from(
      { length: info.width * info.height },
      (_none, at) => data[at * info.channels]!,
    );
    return { width: info.width, height: info.height, values };
  } catch {
    // Not an image after all: there is nothing to compare.
    return undefined;
  }
};
