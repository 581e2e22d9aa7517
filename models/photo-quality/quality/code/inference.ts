// The container of photo-quality: a photo in, the photo scaled to 192 × 192 out, in the format that the caller
// accepts, and its quality from 0 to 1 beside it as the custom attribute `quality`. The default handlers read and
// write the pictures.
import type { Handlers, OnnxModel, Tensors } from 'seriatim-container';

export const predictFn: Handlers['predictFn'] = async (data, model, context) => {
  const { parts } = data as { parts: { tensors: Tensors }[] };
  const { quality, upscaled } = await (model as OnnxModel).run(parts[0]!.tensors);
  const score = (quality!.data as Float32Array)[0]!;
  context.responseHeaders['x-amzn-sagemaker-custom-attributes'] = `quality=${score}`;
  return { parts: [{ tensors: { upscaled: upscaled! }, rows: 1 }], rows: 1 };
};
