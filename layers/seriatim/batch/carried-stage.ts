// A stage of a batch's child: records one by one from the chunk or the payload before it, through the stage, into the
// payloads after it. None is kept beyond its turn, so a chunk costs its bytes in memory and not its objects.
import { instanceTaker } from '../groups.ts';
import { answerMerger } from '../inference.ts';
import {
  type GroupingRequest,
  isFailed,
  type LiveRecord,
  type RecordEnvelope,
  type StageEvent,
} from '../records.ts';
import { type CarriedEvent, type CarriedResult, type CarryPlace, openInput, pack } from './carry.ts';
import { encodeFrames, FRAMES_TYPE } from './frames.ts';
import { RecordListWriter } from './record-list.ts';
import { TextBuffer } from './text-buffer.ts';

export { openEvent } from './carry.ts';

type RunRecord = (record: RecordEnvelope, event: StageEvent) => RecordEnvelope | Promise<RecordEnvelope>;

/** Records need not carry their sources: `write-part` reads them from the chunk again. */
export async function runCarried(event: CarriedEvent, run: RunRecord): Promise<CarriedResult> {
  const { records, answers } = await openInput(event);
  const opened = { ...event, records: [], answers, leavesSource: true } as unknown as StageEvent;
  const merge = answers === undefined ? undefined : answerMerger(answers);
  const list = new RecordListWriter();
  const groups = event.next === undefined ? undefined : new GroupWriter(event.next, event.stage);
  for (const record of records) {
    const outcome = run(merge === undefined ? record : merge(record), opened);
    // A turn of the event loop for each of thousands of records would cost more than most stages' work.
    const done = outcome instanceof Promise ? await outcome : outcome;
    list.add(groups === undefined || isFailed(done) ? done : groups.take(done));
  }
  return packWritten({ list, groups }, event.carry!);
}

async function packWritten(
  { list, groups }: { readonly list: RecordListWriter; readonly groups: GroupWriter | undefined },
  carry: CarryPlace,
): Promise<CarriedResult> {
  const [packed, instances] = await Promise.all([
    pack(list.bytes(), 'application/json', carry),
    groups === undefined ? undefined : pack(groups.bytes(), FRAMES_TYPE, carry),
  ]);
  return {
    records: { payload: packed },
    ...(instances === undefined ? {} : { groups: { payload: instances } }),
  };
}

interface OpenGroup {
  readonly targetModel: string | undefined;
  readonly positions: number[];
  readonly instances: TextBuffer;
}

/** What is sent to an inference: a body of instances for each target model, in the order in which records name them. */
class GroupWriter {
  readonly #groups = new Map<string | undefined, OpenGroup>();
  readonly #take: ReturnType<typeof instanceTaker>;

  constructor(request: GroupingRequest, stage: string) {
    this.#take = instanceTaker(request, stage);
  }

  /** What is left of the record. */
  take(record: LiveRecord): LiveRecord {
    const { targetModel, instance, value } = this.#take(record.value);
    const { positions, instances } = this.#groupOf(targetModel);
    instances.add(`${positions.length === 0 ? '' : ','}${JSON.stringify(instance) ?? 'null'}`);
    positions.push(record.position);
    return { position: record.position, value };
  }

  bytes(): Buffer {
    const frames = [...this.#groups.values()].map(({ targetModel, positions, instances }) => {
      instances.add(']}');
      const head = { ...(targetModel === undefined ? {} : { targetModel }), positions };
      return { head, body: instances.bytes() };
    });
    return encodeFrames(frames);
  }

  #groupOf(targetModel: string | undefined): OpenGroup {
    const open = this.#groups.get(targetModel);
    if (open !== undefined) return open;
    const group = { targetModel, positions: [], instances: new TextBuffer() };
    group.instances.add('{"instances":[');
    this.#groups.set(targetModel, group);
    return group;
  }
}
