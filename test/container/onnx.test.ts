import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLight } from '../../container/onnx/light.ts';
import { readOnnxFile } from '../../container/onnx/model-file.ts';
import { openSession } from '../../container/onnx/session.ts';
import { HOUSE_FEATURES, houseCity } from './support.ts';

describe('what an ONNX file says of itself', () => {
  it.each([HOUSE_FEATURES, houseCity('Houston_TX')])('agrees with the runtime: %s', async (file) => {
    const { inputs, outputs, opsets, operators } = readOnnxFile(readFileSync(file));
    const session = await openSession(file, ['cpu']);

    expect({ inputs, outputs }).toEqual({
      inputs: session.signature.inputs,
      outputs: session.signature.outputs,
    });
    expect(Object.keys(opsets).length).toBeGreaterThan(0);
    expect(Object.keys(operators).length).toBeGreaterThan(0);
    await session.release();
  });

  it('is refused, not misread, for other bytes', () => {
    const bytes = readFileSync(houseCity('Houston_TX'));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
        const changed = isCut ? bytes.subarray(0, at) : Buffer.from(bytes);
        if (!isCut) changed[at] = byte;
        try {
          readOnnxFile(changed);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('a light model', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'seriatim-onnx-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The model with an unknown field of so many bytes (its wire type, then its length in three groups of seven bits). */
  function padded(bytes: number): string {
    const length = [0x80 | (bytes & 127), 0x80 | ((bytes >> 7) & 127), bytes >> 14];
    const file = join(folder, `${bytes}.onnx`);
    const field = Buffer.concat([Buffer.from([0xa2, 0x06, ...length]), Buffer.alloc(bytes)]);
    writeFileSync(file, Buffer.concat([readFileSync(HOUSE_FEATURES), field]));
    return file;
  }

  it('is small and has no operator whose work could be large', () => {
    expect(readLight(HOUSE_FEATURES)).toBeDefined();
    expect(readLight(padded(1000))).toBeDefined();
    expect(readLight(padded(1024 * 1024))).toBeUndefined();
    expect(readLight('package.json')).toBeUndefined();
  });
});
