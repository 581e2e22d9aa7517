// Payloads by content type, and redaction before anything leaves.
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { redactBytes } from '../../layers/seriatim/inspection/payloads/bytes.ts';
import { imageFacts } from '../../layers/seriatim/inspection/payloads/image-facts.ts';
import {
  createRedactor,
  NO_REDACTION,
  REDACTED,
  readRedactor,
} from '../../layers/seriatim/inspection/payloads/redact.ts';
import { renderBytes, renderValue } from '../../layers/seriatim/inspection/payloads/render.ts';
import {
  arrayTensor,
  binaryProtocolTensors,
  factsOf,
  npyTensor,
} from '../../layers/seriatim/inspection/payloads/tensor-facts.ts';

function render(contentType: string, body: string | Uint8Array, redactor = NO_REDACTION) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return renderBytes({ contentType, body: bytes }, { path: '$', redactor });
}

function npy(type: string, shape: readonly number[], data: ArrayBufferView): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = `${header.padEnd(117)}\n`;
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length, 0]);
  return Buffer.concat([
    head,
    Buffer.from(padded),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

describe('a payload', () => {
  it('of JSON is folded: long arrays, long texts, arrays of numbers as tensors', () => {
    const value = {
      items: Array.from({ length: 50 }, (_, n) => ({ n })),
      text: 'x'.repeat(5000),
      image: [[1, 2.5]],
    };
    const numbers = Array.from({ length: 100 }, (_, n) => n);

    const { parts } = renderValue({ ...value, numbers }, NO_REDACTION);

    const shown = (parts[0] as { value: Record<string, unknown> }).value;
    expect(parts).toHaveLength(1);
    expect((shown.items as unknown[]).at(-1)).toEqual({ $folded: 'array', $count: 30 });
    expect(shown.text).toMatchObject({ $folded: 'text', $bytes: 5000 });
    expect(shown.image).toEqual([[1, 2.5]]);
    expect(shown.numbers).toMatchObject({ $tensor: { shape: [100], min: 0, mean: 49.5, max: 99 } });
  });

  it('never carries a megabyte of base64 with it', async () => {
    const body = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const base64 = Buffer.concat([body, Buffer.alloc(1_000_000)]).toString('base64');

    const rendered = renderValue({ label: 'cat', photo: { base64, contentType: 'image/png' } }, NO_REDACTION);

    expect(rendered.parts).toMatchObject([
      { kind: 'json', value: { label: 'cat', photo: { $carried: 'photo' } } },
      { kind: 'image', path: 'photo', label: 'cat', format: 'png', width: 64, height: 48 },
    ]);
    expect(JSON.stringify(rendered).length).toBeLessThan(2000);
  });

  it('that is a claim is told by size and key, not fetched', () => {
    const claim = { bucket: 'b', key: 'k', bytes: 9, contentType: 'text/csv', sha256: 'f0' };

    expect(renderValue({ a: { claim } }, NO_REDACTION).parts).toMatchObject([
      { kind: 'json' },
      { kind: 'claim', path: 'a', claim },
    ]);
  });

  it('of CSV is a table of its first rows, with the header’s names', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `${n},"a, b",c${n}`);

    expect(render('text/csv', `x,y,z\n${lines.join('\n')}`).parts).toMatchObject([
      {
        kind: 'table',
        columns: ['x', 'y', 'z'],
        totalRows: 30,
        rows: { 0: ['0', 'a, b', 'c0'], length: 20 },
      },
    ]);
    expect(render('text/csv', '1,2\n3,4').parts).toMatchObject([{ columns: ['0', '1'], totalRows: 2 }]);
  });

  it('of JSON Lines is a table of members', () => {
    expect(render('application/x-ndjson', '{"a":1}\n{"a":2,"b":"x"}\n').parts).toMatchObject([
      {
        kind: 'table',
        columns: ['a', 'b'],
        rows: [
          ['1', ''],
          ['2', 'x'],
        ],
      },
    ]);
  });

  it('of the Open Inference Protocol shows its tensors, in JSON and in binary', () => {
    const head = JSON.stringify({
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } }],
    });
    const data = Buffer.from(new Float32Array([1, -2, 3, Number.NaN]).buffer);

    expect(render('application/octet-stream', Buffer.concat([Buffer.from(head), data])).parts).toMatchObject([
      {
        kind: 'tensor',
        tensor: {
          name: 'y',
          datatype: 'FP32',
          shape: [2, 2],
          min: -2,
          max: 3,
          notFinite: 1,
          first: [1, -2, 3, 'NaN'],
        },
      },
    ]);
    const json = { inputs: [{ name: 'x', datatype: 'INT64', shape: [3], data: [1, 2, 3] }] };
    expect(renderValue(json, NO_REDACTION).parts).toMatchObject([
      { kind: 'json' },
      { kind: 'tensor', path: 'inputs[0]', tensor: { name: 'x', mean: 2 } },
    ]);
  });

  it('that is neither is told by its first bytes', () => {
    expect(render('application/x-thing', Buffer.from([1, 2, 255])).parts).toMatchObject([
      { kind: 'binary', head: '0102ff', bytes: 3 },
    ]);
  });

  it.each(['png', 'jpeg', 'webp', 'gif'] as const)('that is a %s has its dimensions', async (format) => {
    const image = sharp({ create: { width: 37, height: 21, channels: 3, background: 'blue' } });

    expect(imageFacts(await image.toFormat(format).toBuffer())).toEqual({ format, width: 37, height: 21 });
  });
});

describe('tensors', () => {
  it('of NumPy have the statistics of their elements, whatever their dtype', () => {
    fc.assert(
      fc.property(
        fc.float64Array({ minLength: 1, noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        (data) => {
          const facts = factsOf(npyTensor(npy('<f8', [data.length], data))!);

          expect(facts).toMatchObject({
            datatype: 'FP64',
            shape: [data.length],
            elements: data.length,
            notFinite: 0,
          });
          expect(facts.min).toBe(Math.min(...data));
          expect(facts.max).toBe(Math.max(...data));
          expect(facts.first).toEqual([...data.slice(0, 8)]);
        },
      ),
    );
    expect(factsOf(npyTensor(npy('<i8', [2], new BigInt64Array([1n, 3n])))!)).toMatchObject({
      mean: 2,
      first: [1, 3],
    });
    expect(factsOf(npyTensor(npy('<f2', [2], new Uint16Array([0x3c00, 0xc000])))!).first).toEqual([1, -2]);
  });

  it('are not made of ragged arrays, nor of what only looks like one', () => {
    expect(arrayTensor([[1], [1, 2]])).toBeUndefined();
    expect(arrayTensor([1, 'a'])).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        npyTensor(bytes);
        binaryProtocolTensors(bytes);
        imageFacts(bytes);
      }),
    );
  });
});

describe('redaction', () => {
  const redactor = createRedactor({
    fields: ['**.patientId', 'records[*].value.name'],
    patterns: ['\\b\\d{3}-\\d{2}-\\d{4}\\b'],
  });
  const payload = {
    records: [{ value: { name: 'Ann', age: 7 } }, { value: { name: 'Bob', note: 'call 123-45-6789 now' } }],
    deep: { deeper: [{ patientId: 42 }] },
    body: '{"patientId":"p1","ok":true}',
  };

  it('hides fields by path and texts by pattern, also in JSON inside a text, and says where', () => {
    const { value, redacted } = redactor.value(payload);

    expect(value).toEqual({
      records: [
        { value: { name: REDACTED, age: 7 } },
        { value: { name: REDACTED, note: `call ${REDACTED} now` } },
      ],
      deep: { deeper: [{ patientId: REDACTED }] },
      body: `{"patientId":"${REDACTED}","ok":true}`,
    });
    expect(redacted).toContain('records[1].value.name');
    expect(redacted).toContain('deep.deeper[0].patientId');
  });

  it('reaches every rendering: JSON, table, text and bytes', () => {
    const csv = 'patientId,age\nsecret-1,7\n';
    const rendered = [
      renderValue(payload, redactor),
      render('text/csv', csv, redactor),
      render('application/jsonlines', '{"patientId":"secret-1"}', redactor),
      render('text/plain', '123-45-6789', redactor),
      renderValue({ x: { text: csv, contentType: 'text/csv' } }, redactor),
    ];
    const bytes = [
      redactBytes('text/csv', Buffer.from(csv), redactor),
      redactBytes('application/json', Buffer.from('{"patientId":"secret-1"}'), redactor),
    ];

    for (const each of [JSON.stringify(rendered), ...bytes.map(String)]) {
      expect(each).not.toMatch(/secret-1|123-45|"Ann"|"p1"/);
      expect(each).toContain(REDACTED);
    }
  });

  it('hides a value wherever the rule’s path leads, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 5 }), (path) => {
        const wrap = (leaf: unknown) => path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), leaf);
        const rule = createRedactor({ fields: [path.join('.')], patterns: [] });

        expect(rule.value(wrap('secret')).value).toEqual(wrap(REDACTED));
        expect(rule.value({ other9: 'kept' }).value).toEqual({ other9: 'kept' });
      }),
    );
  });

  it('refuses settings that are not as described, so that no rule is dropped in silence', () => {
    expect(() => readRedactor('{"field":["a"]}')).toThrow(TypeError);
    expect(() => readRedactor('{"patterns":["("]}')).toThrow(TypeError);
    expect(readRedactor('{"fields":[],"patterns":[]}').hasRules).toBe(false);
  });
});
