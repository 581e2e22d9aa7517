// The models as artefacts.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, statSync, unlinkSync, utimesSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packArtefacts } from '../../packaging/artefacts.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'artefacts-'));
  cpSync(join(import.meta.dirname, '../../models'), join(folder, 'models'), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

describe('packArtefacts', () => {
  it('gives the feature model and a model per city, by their keys', async () => {
    const keys = (await packArtefacts(folder)).map(({ key }) => key).filter((key) => key.startsWith('house'));

    expect(keys).toHaveLength(1_001);
    expect(keys).toContain('house-prices/cities/City0999_US.tar.gz');
    expect(keys).toContain('house-prices/features/model.tar.gz');
    expect(keys).toContain('house-prices/cities/Houston_TX.tar.gz');
  });

  it('packs the folder of a container whole, handlers included', async () => {
    const packed = await packArtefacts(folder);
    const { file } = packed.find(({ key }) => key === 'diabetes-progression/progression/model.tar.gz')!;

    const { stdout } = spawnSync('tar', ['tzf', file], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toEqual(['code/inference.ts', 'features.onnx', 'model.onnx']);
  });

  it('leaves alone what has not changed, and packs what has to the same bytes for the same model', async () => {
    const [feature, city] = await packArtefacts(folder);
    const before = [feature!, city!].map(({ file }) => ({
      bytes: readFileSync(file),
      ms: statSync(file).mtimeMs,
    }));
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(folder, 'models/house-prices/preprocess.onnx'), later, later);

    await packArtefacts(folder);

    expect(statSync(city!.file).mtimeMs).toBe(before[1]!.ms);
    expect(statSync(feature!.file).mtimeMs).toBeGreaterThan(before[0]!.ms);
    expect(readFileSync(feature!.file).equals(before[0]!.bytes)).toBe(true);
  });

  it('names a model file that is missing', async () => {
    unlinkSync(join(folder, 'models/house-prices/preprocess.onnx'));

    await expect(packArtefacts(folder)).rejects.toThrow(/The model file .*preprocess\.onnx is missing/);
  });
});
