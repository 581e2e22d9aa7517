// Models against the endpoints that serve them, from the artefacts' own signatures.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { artefactSources } from '../../packaging/artefacts.ts';
import { checkModels } from '../../packaging/model-check.ts';
import { endpointTargets } from '../../packaging/pipelines/hosting.ts';
import { PIPELINE_DEFINITIONS } from '../../statemachines/index.ts';
import type { EndpointTarget } from '../../statemachines/pipeline.ts';

const project = join(import.meta.dirname, '../..');
const models = join(project, 'models');
const features = join(models, 'house-prices/preprocess.onnx');
const houston = join(models, 'house-prices/cities/Houston_TX.onnx');
const trees = join(models, 'diabetes-progression/progression/model.onnx');

const handlers = join(models, 'tumour-screening/explanation/code/inference.ts');

const chain = (...names: string[]): EndpointTarget => ({
  placeholder: 'ChainEndpoint',
  containers: names.map((name) => ({ name })),
});
const source = (container: string, file: string, path = 'model.onnx') => ({
  key: `chain/${container}/model.tar.gz`,
  entries: [{ path, file }],
});
const problemsOf = async (...of: Parameters<typeof checkModels>): Promise<string[]> =>
  (await checkModels(...of)).flatMap(({ problems }) => problems);

describe('checkModels', () => {
  it('finds nothing wrong with the project\u2019s own', async () => {
    const checked = await checkModels(endpointTargets(PIPELINE_DEFINITIONS), await artefactSources(project));

    expect(checked.flatMap(({ problems }) => problems)).toEqual([]);
    expect(checked.find(({ container }) => container === 'cities')).toMatchObject({ models: 1_000 });
  });

  it('takes outputs that are the next container\u2019s inputs, and names those that are not', async () => {
    const fitting = [source('a', features), source('b', houston)];
    const other = [source('a', features), source('b', trees)];

    expect(await problemsOf([chain('a', 'b')], fitting)).toEqual([]);
    expect(await problemsOf([chain('a', 'b')], other)).toEqual([
      expect.stringMatching(
        /^the container b takes features float32 \[N, 11\] \(.*progression\/model\.onnx\), this one gives features float32 \[N, 10\] \(.*preprocess\.onnx\)$/,
      ),
    ]);
  });

  it('does not hold handlers to their neighbours', async () => {
    const own = [
      {
        ...source('a', features),
        entries: [...source('a', features).entries, { path: 'code/inference.ts', file: handlers }],
      },
      source('b', trees),
    ];

    expect(await problemsOf([chain('a', 'b')], own)).toEqual([]);
  });

  it('names a container without a model, and a model unlike the others of its group', async () => {
    const group: EndpointTarget = {
      placeholder: 'ChainEndpoint',
      containers: [{ name: 'group', mode: 'MultiModel' }],
    };
    const own = [houston, trees].map((file, i) => ({
      ...source('group', file),
      key: `chain/group/${i}.tar.gz`,
    }));

    expect(await problemsOf([chain('a')], [])).toEqual(['it has neither model.onnx nor handlers']);
    expect(await problemsOf([group], own)).toEqual([
      expect.stringMatching(/model\.onnx is features float32 \[N, 11\]/),
    ]);
  });

  it('names handlers whose model is gone', async () => {
    const own = source('a', handlers, 'code/inference.ts');

    expect(await problemsOf([chain('a')], [own])).toEqual([
      'its model.onnx is missing, and its handlers open no model of their own',
    ]);
  });

  it('holds a container that turns only its answer to what stands before it', async () => {
    const b = source('b', trees);
    const answering = {
      ...b,
      entries: [
        ...b.entries,
        { path: 'code/inference.ts', file: join(models, 'tumour-screening/classifier/code/inference.ts') },
      ],
    };

    expect(await problemsOf([chain('a', 'b')], [source('a', features), answering])).toEqual([
      expect.stringMatching(
        /^the container b takes features float32 \[N, 11\] \(.*progression\/model\.onnx\), this one gives features float32 \[N, 10\] \(.*preprocess\.onnx\)$/,
      ),
    ]);
  });

  it('holds the content type that a container promises to what its default handlers answer', async () => {
    const [a, b] = chain('a', 'b').containers;
    const target = { ...chain(), containers: [{ ...a!, answers: 'text/csv' }, b!] };

    expect(await problemsOf([target], [source('a', features), source('b', houston)])).toEqual([
      expect.stringMatching(
        /answers text\/csv; by its SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT it answers application\/json/,
      ),
    ]);
  });

  it('names a file that is no model', async () => {
    await expect(problemsOf([chain('a')], [source('a', join(project, 'package.json'))])).rejects.toThrow(
      /package\.json cannot be read as an ONNX model/,
    );
  });
});
