// Several bodies in one payload, so that what an inference sends and gets for many target models is one claim: a line
// of JSON with a head for each body and its length, then the bodies as they are.

export interface Frame<Head> {
  readonly head: Head;
  readonly body: Uint8Array;
}

export const FRAMES_TYPE = 'application/vnd.seriatim.frames';

export function encodeFrames<Head extends object>(frames: readonly Frame<Head>[]): Buffer {
  const heads = frames.map(({ head, body }) => ({ ...head, bytes: body.length }));
  return Buffer.concat([Buffer.from(`${JSON.stringify(heads)}\n`), ...frames.map(({ body }) => body)]);
}

/** The bodies are views of `payload`. @throws RangeError when it is cut short */
export function decodeFrames<Head extends object>(payload: Uint8Array): Frame<Head>[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const headEnd = bytes.indexOf(10);
  const heads = JSON.parse(bytes.toString('utf8', 0, Math.max(0, headEnd))) as (Head & { bytes: number })[];
  let at = headEnd + 1;
  const frames = heads.map((head) => {
    const body = bytes.subarray(at, at + head.bytes);
    at += head.bytes;
    return { head, body };
  });
  if (at !== bytes.length) throw new RangeError(`The frames are ${bytes.length} bytes; ${at} were promised.`);
  return frames;
}
