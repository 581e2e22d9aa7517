// What a picture's bytes say that they are: the first of them, whatever the file or the request is called.

const SIGNATURES: readonly { readonly contentType: string; readonly bytes: readonly number[] }[] = [
  { contentType: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { contentType: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
];

/** `image/png`, `image/jpeg`, or undefined for anything else. */
export function contentTypeOf(body: Uint8Array): string | undefined {
  return SIGNATURES.find(({ bytes }) => bytes.every((byte, i) => body[i] === byte))?.contentType;
}
