import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InferenceError } from '../../container/errors.ts';
import { chooseFormat, decodeBody, encodeBody } from '../../container/formats/index.ts';
import { formatNpy, parseNpy } from '../../container/formats/npy.ts';
import { readZip, writeZip } from '../../container/formats/zip.ts';
import { DTYPES, type Dtype, type Signature, type Tensor, type Tensors } from '../../container/tensors.ts';
import { arbitraryTensors, batchedSignature, tensorOf } from './arbitrary.ts';

const BINARY_OIP = 'application/vnd.sagemaker-triton.binary+json';

/** Outputs written in a format and read back as inputs of the same names. */
async function roundTrip(tensors: Tensors, contentType: string, signature: Signature): Promise<Tensors> {
  const rows = Object.values(tensors)[0]!.shape[0]!;
  const format = chooseFormat(contentType, { defaultAccept: contentType });
  const encoded = await encodeBody([{ tensors, rows }], rows, { format, signature, modelName: 'm' });
  const decoded = await decodeBody(toRequest(encoded.body), reread(encoded.contentType), signature);
  return decoded.parts[0]!.tensors;
}

/** An Open Inference Protocol answer as a request of the same length: its outputs are called inputs. */
function toRequest(body: string | Uint8Array): Buffer {
  const text = Buffer.from(body as string).toString('latin1');
  return Buffer.from(text.replace('"outputs":', '"inputs" :'), 'latin1');
}

/** A first row of texts could be taken for names. */
const reread = (contentType: string) =>
  contentType === 'text/csv' ? 'text/csv; header=absent' : contentType;

describe('a format gives back what it was given', () => {
  it.each([
    ['application/json', DTYPES],
    ['application/jsonlines', DTYPES],
    ['text/csv', DTYPES],
    ['application/x-npz', DTYPES],
    [BINARY_OIP, DTYPES],
  ] as const)('%s', async (contentType, dtypes) => {
    const keepsInfinity = !contentType.startsWith('application/json');
    await fc.assert(
      fc.asyncProperty(arbitraryTensors({ dtypes, keepsInfinity }), async (tensors) => {
        expect(await roundTrip(tensors, contentType, batchedSignature(tensors))).toEqual(tensors);
      }),
      { numRuns: 150 },
    );
  });

  it('application/x-npy', async () => {
    const one = arbitraryTensors({ dtypes: DTYPES, keepsInfinity: true, maxInputs: 1 });
    await fc.assert(
      fc.asyncProperty(one, async (tensors) => {
        expect(await roundTrip(tensors, 'application/x-npy', batchedSignature(tensors))).toEqual(tensors);
      }),
    );
  });

  it('the Open Inference Protocol as JSON', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryTensors({ dtypes: DTYPES, keepsInfinity: false }), async (tensors) => {
        const signature = batchedSignature(tensors);
        const rows = Object.values(tensors)[0]!.shape[0]!;
        const format = chooseFormat('application/json', { defaultAccept: 'application/json' });
        const reply = { isBinaryDefault: false };
        const encoded = await encodeBody([{ tensors, rows }], rows, {
          format,
          signature,
          modelName: 'm',
          reply,
        });
        const decoded = await decodeBody(toRequest(encoded.body), 'application/json', signature);

        expect(decoded.parts[0]!.tensors).toEqual(tensors);
      }),
    );
  });
});

describe('a malformed body is a 4xx, never a crash', () => {
  const signature = batchedSignature({
    a: tensorOf('float32', [1, 2], [1, 2]),
    b: tensorOf('string', [1, 1], ['x']),
    c: tensorOf('int64', [1, 1], [7n]),
  });
  const image: Signature = {
    inputs: [{ name: 'image', dtype: 'uint8', shape: ['N', 'H', 'W', 3] }],
    outputs: [],
    isBatched: true,
  };
  const jsonText = '{"instances":[{"a":[1,2],"b":"x","c":9007199254740993}]}';
  const oip = JSON.stringify({
    inputs: [
      { name: 'a', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } },
      { name: 'b', datatype: 'BYTES', shape: [1, 1], data: ['x'] },
      { name: 'c', datatype: 'INT64', shape: [1, 1], data: [7] },
    ],
  });
  const npz = writeZip([
    { name: 'a.npy', bytes: formatNpy(tensorOf('float32', [1, 2], [1, 2])) },
    { name: 'b.npy', bytes: formatNpy(tensorOf('string', [1, 1], ['x'])) },
    { name: 'c.npy', bytes: formatNpy(tensorOf('int64', [1, 1], [7n])) },
  ]);
  const oipType = `${BINARY_OIP};json-header-size=${oip.length}`;

  it.each([
    ['application/json', Buffer.from(jsonText), signature],
    ['application/jsonlines', Buffer.from('{"a":[1,2],"b":"x","c":1}\n{"a":[1,2],"b":"x","c":1}'), signature],
    ['text/csv', Buffer.from('1,2,"x",7\n1,2,"y ""z""",8\n'), signature],
    ['application/x-npz', npz, signature],
    [oipType, Buffer.concat([Buffer.from(oip), Buffer.alloc(8)]), signature],
    [
      'image/png',
      Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
        'base64',
      ),
      image,
    ],
  ])('%s', async (contentType, valid, forSignature) => {
    await decodeBody(valid, contentType, forSignature);
    await fc.assert(
      fc.asyncProperty(mutations(valid), async (body) => {
        const error = await Promise.resolve()
          .then(() => decodeBody(body, contentType, forSignature))
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
        if (error === undefined) return;
        expect(error).toBeInstanceOf(InferenceError);
        expect((error as InferenceError).statusCode).toBeGreaterThanOrEqual(400);
        expect((error as InferenceError).statusCode).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});

/** Bytes changed, cut, repeated; or any bytes at all. */
function mutations(valid: Buffer): fc.Arbitrary<Buffer> {
  const place = fc.nat(valid.length - 1);
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(place, fc.nat(255))
      .map(([at, byte]) =>
        Buffer.concat([valid.subarray(0, at), Buffer.from([byte]), valid.subarray(at + 1)]),
      ),
    place.map((at) => valid.subarray(0, at)),
    fc.tuple(place, place).map(([from, to]) => Buffer.concat([valid.subarray(0, from), valid.subarray(to)])),
    fc
      .tuple(place, fc.uint8Array({ maxLength: 9 }))
      .map(([at, bytes]) => Buffer.concat([valid.subarray(0, at), bytes, valid.subarray(at)])),
  );
}

describe('a body made to hurt', () => {
  const numbers = batchedSignature({ a: tensorOf('float32', [1, 2], [1, 2]) });
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const dimensions = new Array(50_000).fill(1).join(',');

  it.each([
    ['lists in lists', deep],
    ['lists in lists where a number stands', `{"instances":[{"a":[${deep},1]}]}`],
    ['objects in objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    [
      'a shape of very many dimensions',
      `{"inputs":[{"name":"a","datatype":"FP32","shape":[${dimensions}],"data":[[1]]}]}`,
    ],
    [
      'a shape of very many elements',
      '{"inputs":[{"name":"a","datatype":"FP32","shape":[9007199254740991,2],"data":[1]}]}',
    ],
    ['names of the prototype', '{"instances":[{"__proto__":[1,2]}]}'],
    ['a name of every object', '{"instances":[{"constructor":[1,2]}]}'],
  ])('%s: is a 400', (_name, body) => {
    expect(() => decodeBody(Buffer.from(body), 'application/json', numbers)).toThrow(
      expect.objectContaining({ statusCode: 400 }),
    );
  });
});

describe('NumPy files as NumPy writes them', () => {
  // numpy.save of np.array([[1, 2], [3, 4]], dtype), each header shortened to what is needed.
  const header = (text: string) => {
    const padded = `${text}\n`;
    const length = Buffer.alloc(2);
    length.writeUInt16LE(padded.length);
    return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(padded)]);
  };

  it('in Fortran order', () => {
    const bytes = header("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }");
    const tensor = parseNpy(Buffer.concat([bytes, Buffer.from(Int16Array.of(1, 3, 2, 4).buffer)]));

    expect(tensor).toEqual(tensorOf('int16', [2, 2], [1, 2, 3, 4]));
  });

  it('in big-endian order', () => {
    const bytes = header("{'descr': '>i4', 'fortran_order': False, 'shape': (1,), }");

    expect(parseNpy(Buffer.concat([bytes, Buffer.from([0, 0, 1, 0])])).data).toEqual(Int32Array.of(256));
  });

  it('with byte strings', () => {
    const bytes = header("{'descr': '|S3', 'fortran_order': False, 'shape': (2,), }");

    expect(parseNpy(Buffer.concat([bytes, Buffer.from('abcd\0\0')])).data).toEqual(['abc', 'd']);
  });

  it('refuses pickled objects', () => {
    const bytes = header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }");

    expect(() => parseNpy(bytes)).toThrow(InferenceError);
  });

  it('casts doubles to the float32 of the model and adds the batch axis', async () => {
    const bytes = Buffer.concat([
      header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"),
      Buffer.from(Float64Array.of(0.5, 2).buffer),
    ]);
    const signature = batchedSignature({ a: tensorOf('float32', [1, 2], [0, 0]) });

    const { parts } = await decodeBody(bytes, 'application/x-npy', signature);

    expect(parts[0]!.tensors.a).toEqual(tensorOf('float32', [1, 2], [0.5, 2]));
  });

  it('does not cast floats to integers', () => {
    const bytes = Buffer.concat([
      header("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }"),
      Buffer.from(Float64Array.of(0.5).buffer),
    ]);
    const signature = batchedSignature({ a: tensorOf('int64', [1, 1], [0n]) });

    expect(() => decodeBody(bytes, 'application/x-npy', signature)).toThrow(/cannot be cast/);
  });
});

describe('an archive', () => {
  it('that unpacks to more than the bound is refused', () => {
    const archive = writeZip([{ name: 'a', bytes: Buffer.alloc(100) }]);

    expect(() => readZip(archive, 99)).toThrow(expect.objectContaining({ name: 'PayloadTooLarge' }));
  });

  it('with a byte changed fails its checksum', () => {
    const archive = writeZip([{ name: 'a', bytes: Buffer.from('hello') }]);
    archive[33]! ^= 1;

    expect(() => readZip(archive, 99)).toThrow(/checksum/);
  });
});

describe('JSON records', () => {
  const images: Signature = {
    inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 'T'] }],
    outputs: [{ name: 'x', dtype: 'float32', shape: ['N', 'T'] }],
    isBatched: true,
  };
  const decode = (document: unknown, signature: Signature) =>
    decodeBody(Buffer.from(JSON.stringify(document)), 'application/json', signature);

  it('of several shapes are cut into parts that keep their places', async () => {
    const { parts, rows } = await decode([[1, 2], [3], [4, 5]], images);

    expect(rows).toBe(3);
    expect(parts.map(({ positions }) => positions)).toEqual([[0, 2], [1]]);
    expect(parts[0]!.tensors.x).toEqual(tensorOf('float32', [2, 2], [1, 2, 4, 5]));
  });

  it('of several shapes are answered in their order', async () => {
    const { parts, rows } = await decode([[1, 2], [3], [4, 5]], images);
    const format = chooseFormat(undefined, { defaultAccept: 'application/json' });

    const { body } = await encodeBody(parts, rows, { format, signature: images, modelName: 'm' });

    expect(JSON.parse(body as string)).toEqual({ predictions: [{ x: [1, 2] }, { x: [3] }, { x: [4, 5] }] });
  });

  it('of a model without a batch axis hold whole tensors, with or without a leading 1', async () => {
    const fixed: Signature = {
      inputs: [{ name: 'x', dtype: 'float32', shape: [1, 2] }],
      outputs: [],
      isBatched: false,
    };

    for (const record of [{ x: [1, 2] }, { x: [[1, 2]] }]) {
      const { parts } = await decode([record], fixed);
      expect(parts[0]!.tensors.x).toEqual(tensorOf('float32', [1, 2], [1, 2]));
    }
  });

  it.each<[Dtype, unknown]>([
    ['uint8', 256],
    ['int8', -129],
    ['int32', 1.5],
    ['int64', '12x'],
    ['uint64', -1],
    ['bool', 'yes'],
    ['string', 7],
    ['float32', '7'],
  ])('refuse for %s the value %j', async (dtype, value) => {
    const signature: Signature = {
      inputs: [{ name: 'x', dtype, shape: ['N', 1] }],
      outputs: [],
      isBatched: true,
    };

    await expect(async () => decode([{ x: [value] }], signature)).rejects.toThrow(/Record 0: input "x"/);
  });

  it('keep every digit of 64-bit integers', async () => {
    const signature = batchedSignature({ x: tensorOf('int64', [1, 1], [0n]) });

    const { parts } = await decodeBody(
      Buffer.from('[{"x":9223372036854775807}]'),
      'application/json',
      signature,
    );

    expect((parts[0]!.tensors.x as Tensor).data[0]).toBe(9_223_372_036_854_775_807n);
  });

  it.each(['application/json', 'application/jsonlines', 'text/csv', BINARY_OIP])(
    'and other formats keep the sign of -0: %s',
    async (contentType) => {
      const tensors = {
        x: tensorOf('float32', [2, 1], [-0, 0]),
        z: tensorOf('float64', [2, 2], [1, -0, 0, 2]),
      };

      const back = await roundTrip(tensors, contentType, batchedSignature(tensors));

      expect([...(back.x!.data as Float32Array)]).toEqual([-0, 0]);
      expect([...(back.z!.data as Float64Array)]).toEqual([1, -0, 0, 2]);
    },
  );

  it('that are not UTF-8 are refused', () => {
    expect(() => decodeBody(Buffer.from([0x22, 0xff, 0x22]), 'application/json', images)).toThrow(/UTF-8/);
  });
});

describe('the Open Inference Protocol with binary tensors', () => {
  const signature = batchedSignature({ a: tensorOf('float32', [1, 2], [0, 0]) });

  it('takes a body without a header as the one input', async () => {
    const body = Buffer.from(Float32Array.of(1, 2).buffer);

    const { parts, reply } = await decodeBody(body, `${BINARY_OIP};json-header-size=0`, signature);

    expect(parts[0]!.tensors.a).toEqual(tensorOf('float32', [1, 2], [1, 2]));
    expect(reply).toEqual({ isBinaryDefault: true });
  });

  it.each(['', ';json-header-size=-1', ';json-header-size=9999', ';json-header-size=x'])(
    'refuses the header size "%s"',
    (parameter) => {
      expect(() => decodeBody(Buffer.from('{}'), `${BINARY_OIP}${parameter}`, signature)).toThrow(
        /json-header-size/,
      );
    },
  );

  it('writes only the outputs asked for, binary where asked for', async () => {
    const tensors = { a: tensorOf('float32', [1, 1], [1]), b: tensorOf('int32', [1, 1], [2]) };
    const format = chooseFormat('*/*', { defaultAccept: 'text/csv', reply: { isBinaryDefault: false } });
    const reply = { id: '7', isBinaryDefault: false, outputs: [{ name: 'b', isBinary: true }] };

    const { body, contentType } = await encodeBody([{ tensors, rows: 1 }], 1, {
      format,
      signature,
      modelName: 'm',
      reply,
    });

    const size = Number(/json-header-size=(\d+)/.exec(contentType)![1]);
    const bytes = Buffer.from(body as Uint8Array);
    expect(JSON.parse(bytes.toString('utf8', 0, size))).toEqual({
      id: '7',
      model_name: 'm',
      model_version: '1',
      outputs: [{ name: 'b', datatype: 'INT32', shape: [1, 1], parameters: { binary_data_size: 4 } }],
    });
    expect([...bytes.subarray(size)]).toEqual([2, 0, 0, 0]);
  });
});
