// The floor of the container's bench: onnxruntime-node behind a bare node:http server, nothing else. JSON in and out, or
// one record's bytes in and the outputs' bytes out.
// `node bench/container-floor.mjs <model.onnx>`; prints its port.
import { createServer } from 'node:http';
import ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create(process.argv[2], {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const arrays = { float32: Float32Array, uint8: Uint8Array };

/** Rows of every input end to end. */
function toFeeds(instances) {
  const feeds = {};
  for (const { name, type } of session.inputMetadata) {
    const rows = instances.map((instance) => instance[name]);
    const dims = [rows.length];
    for (let inner = rows[0]; Array.isArray(inner); inner = inner[0]) dims.push(inner.length);
    const flat = rows.flat(dims.length);
    feeds[name] = new ort.Tensor(type, type === 'string' ? flat : arrays[type].from(flat), dims);
  }
  return feeds;
}

/** The bytes of the one input's one record. */
function toFeed(bytes) {
  const [{ name, type, shape }] = session.inputMetadata;
  const data = new arrays[type](
    bytes.buffer,
    bytes.byteOffset,
    bytes.byteLength / arrays[type].BYTES_PER_ELEMENT,
  );
  return { [name]: new ort.Tensor(type, data, [1, ...shape.slice(1)]) };
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const body = Buffer.concat(chunks);
    if (request.headers['content-type'] !== 'application/json') {
      const outputs = Object.values(await session.run(toFeed(body)));
      response.end(
        Buffer.concat(outputs.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))),
      );
      return;
    }
    const { instances } = JSON.parse(body);
    const outputs = await session.run(toFeeds(instances));
    const predictions = instances.map((_, row) => {
      const record = {};
      for (const [name, { data, dims }] of Object.entries(outputs)) {
        const width = data.length / dims[0];
        record[name] = Array.from(data.subarray(row * width, (row + 1) * width));
      }
      return record;
    });
    const text = JSON.stringify({ predictions });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
