// Map Runs: the work of a distributed Map. Each item, or batch of items, is a child execution of its own.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
import { randomUUID } from 'node:crypto';
import { arn as arnOf } from '../../service.ts';
import type { MapState } from '../definition/types.ts';
import { isObject, type Json } from '../json/text.ts';
import type { World } from '../operations/world.ts';
import { abortMapRun } from '../run/abort.ts';
import { Cancelled } from '../run/cancellation.ts';
import { failureDetails } from '../run/events.ts';
import type { Execution } from '../run/execution.ts';
import { FieldFailure, StateFailure } from '../run/failure.ts';
import type { Frame, MapItem } from '../run/frame.ts';
import { toItems } from '../run/map.ts';
import type { Counts, MapRunRecord } from '../store/machines.ts';
import { MapRun } from './map-run.ts';
import { openReader } from './reader.ts';
import { type Batching, unitsOf } from './units.ts';
import { writeResults } from './writer.ts';

type Settings = Pick<MapRunRecord, 'maxConcurrency' | 'toleratedFailureCount' | 'toleratedFailurePercentage'>;

const NONE: Counts = {
  total: 0,
  pending: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  aborted: 0,
  resultsWritten: 0,
};

/** What a Map state remembers across a restart. */
interface Marker {
  readonly mapRunArn: string;
}

/** `$$.Map.Item.Source` of items that no reader has read. */
function fromState(items: readonly MapItem[]): MapItem[] {
  return items.map((item) => ({ ...item, source: 'STATE_DATA' }));
}

export class MapRuns {
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  async run(frame: Frame, state: MapState, input: Json): Promise<Json> {
    const scope = frame.scope(input);
    const given = state.reader === undefined ? fromState(toItems(await state.items(scope))) : undefined;
    const former = frame.marker as Marker | undefined;
    if (former === undefined) frame.emit('MapStateStarted', () => ({ length: given?.length ?? 0 }));
    const settings = {
      maxConcurrency: await state.maxConcurrency(scope),
      toleratedFailureCount: (await state.toleratedFailureCount(scope)) ?? 0,
      toleratedFailurePercentage: (await state.toleratedFailurePercentage(scope)) ?? 0,
    };
    const record = this.open(frame, state, { settings, former });
    if (former === undefined) frame.emit('MapRunStarted', () => ({ mapRunArn: record.arn }));
    else if (record.redriveCount > 0) {
      frame.emit('MapRunRedriven', () => ({ mapRunArn: record.arn, redriveCount: record.redriveCount }));
    }
    const mapRun = new MapRun(this.world, frame, state, record);
    if (former !== undefined) mapRun.takeUp();
    try {
      const batching = await this.batching(frame, state, input);
      const items = given ?? (await openReader(frame, state.reader!, input));
      await mapRun.work(
        unitsOf(frame, { state, input, items, batching }),
        given?.length,
        batching !== undefined,
      );
      const results = await this.results(frame, state, { input, mapRun });
      mapRun.close('SUCCEEDED');
      frame.emit('MapRunSucceeded');
      frame.execution.record('MapStateSucceeded', frame.previous);
      frame.marker = undefined;
      return results;
    } catch (thrown) {
      if (!(thrown instanceof Cancelled)) await this.resultsOfFailure(frame, state, { input, mapRun });
      throw this.fail(frame, mapRun, thrown);
    }
  }

  private open(
    frame: Frame,
    state: MapState,
    {
      settings,
      former,
    }: {
      settings: Settings;
      former: Marker | undefined;
    },
  ): MapRunRecord {
    const known = former === undefined ? undefined : this.world.shelves.mapRuns.get(former.mapRunArn);
    if (known !== undefined) {
      this.mark(frame, known);
      return this.reopen(known);
    }
    const record = this.create(frame.execution, state.label ?? randomUUID(), settings);
    this.world.shelves.mapRuns.put(record.arn, record);
    this.mark(frame, record);
    return record;
  }

  private mark(frame: Frame, { arn }: MapRunRecord): void {
    frame.marker = { mapRunArn: arn };
    frame.execution.changed(frame);
  }

  private create({ arn, machine }: Execution, label: string, settings: Settings): MapRunRecord {
    return {
      arn: arnOf(this.world.place, 'states', `mapRun:${machine.name}/${label}:${randomUUID()}`),
      executionArn: arn,
      machineArn: machine.arn,
      label,
      status: 'RUNNING',
      startMs: this.world.clock.now(),
      stopMs: undefined,
      ...settings,
      itemCounts: NONE,
      executionCounts: NONE,
      redriveCount: 0,
      redriveMs: undefined,
    };
  }

  /** A Map Run taken up: as it was after a restart, once more redriven when it had ended. */
  private reopen(record: MapRunRecord): MapRunRecord {
    if (record.status === 'RUNNING') return record;
    const redriven: MapRunRecord = {
      ...record,
      status: 'RUNNING',
      stopMs: undefined,
      redriveCount: record.redriveCount + 1,
      redriveMs: this.world.clock.now(),
    };
    this.world.shelves.mapRuns.put(record.arn, redriven);
    return redriven;
  }

  private async batching(frame: Frame, state: MapState, input: Json): Promise<Batching | undefined> {
    const { batcher } = state;
    if (batcher === undefined) return undefined;
    const scope = frame.scope(input);
    return {
      maxItems: await batcher.maxItems(scope),
      maxBytes: await batcher.maxBytes(scope),
      batchInput: await batcher.batchInput?.(scope),
    };
  }

  private async results(
    frame: Frame,
    state: MapState,
    { input, mapRun }: { input: Json; mapRun: MapRun },
  ): Promise<Json> {
    const { writer } = state;
    if (writer === undefined) return mapRun.outputs();
    const parameters = await writer.parameters?.(frame.scope(input));
    return writeResults(frame, { writer, mapRun, parameters: isObject(parameters) ? parameters : undefined });
  }

  /** What a Map Run that failed came to is written too; the failure stays the one that ended it. */
  private async resultsOfFailure(
    frame: Frame,
    state: MapState,
    { input, mapRun }: { input: Json; mapRun: MapRun },
  ): Promise<void> {
    const { writer } = state;
    if (writer?.resource === undefined || frame.execution.isAbandoned) return;
    try {
      const given = await writer.parameters?.(frame.scope(input));
      const parameters = isObject(given) ? given : undefined;
      await writeResults(frame, { writer, mapRun, parameters, pending: mapRun.pending() });
    } catch {
      // An unreadable item or an unwritable bucket is no better cause than the one at hand.
    }
  }

  private fail(frame: Frame, mapRun: MapRun, thrown: unknown): unknown {
    if (thrown instanceof Cancelled) {
      mapRun.close('ABORTED');
      abortMapRun(frame);
      return thrown;
    }
    mapRun.close('FAILED');
    const failure = thrown instanceof FieldFailure ? new StateFailure(thrown.error, thrown.message) : thrown;
    if (failure instanceof StateFailure) frame.emit('MapRunFailed', () => failureDetails(failure));
    return failure;
  }
}
