// The contracts of the pipeline `photo-themes`: a photo in, as a payload that travels; what is on it and its theme
// out, or why it was turned away.
import * as v from 'valibot';
import { got, objectMessage } from './fields.ts';

/** The photo as it travels: a claim. */
export const PhotoSchema = v.object(
  { photo: v.object({ claim: v.object({ key: v.string() }) }) },
  objectMessage,
);

/** An object of the batch bucket, as a line of a batch names it. */
export const PhotoObjectSchema = v.object(
  {
    key: v.pipe(
      v.string((issue) => `expected the key of an object, got ${got(issue)}`),
      v.regex(
        /^photo-themes\/photos\/.+\.(png|jpe?g)$/i,
        (issue) => `expected a key such as photo-themes/photos/beach.png, got ${got(issue)}`,
      ),
    ),
  },
  objectMessage,
);

/**
 * Of a photo that was good enough: `labels` and `theme`, which is null, with the `reason`, where nothing was recognised.
 * Of any other why it was `rejected`.
 */
export const PhotoThemesSchema = v.object({
  quality: v.number(),
  labels: v.optional(v.array(v.string())),
  theme: v.optional(v.nullable(v.string())),
  reason: v.optional(v.string()),
  rejected: v.optional(v.string()),
});
