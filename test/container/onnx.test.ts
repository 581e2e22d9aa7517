import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLight } from '../../container/onnx/light.ts';
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
  it('is small and has no operator whose work could be large', async () => {
    expect(await isLight(HOUSE_FEATURES, 442)).toBe(true);
    expect(await isLight(HOUSE_FEATURES, 2 * 1024 * 1024)).toBe(false);
    expect(await isLight('package.json', 100)).toBe(false);
  });
});
