// The calls of an inference stage in a batch's child: one per target model, their instances and answers as one payload
// each. Its role may call the endpoints and read and write a batch's work.
import {
  type AnswerHead,
  type CarriedPayload,
  type CarryPlace,
  decodeFrames,
  encodeFrames,
  FRAMES_TYPE,
  pack,
  unpack,
} from '../../layers/seriatim/index.ts';
import { type AnsweredHead, type InvokeTarget, invokeGroup, splitBudget } from './groups.ts';
import { type ModelUse, modelsOf } from './models.ts';

export interface InvokeRecordsEvent extends InvokeTarget {
  readonly groups: { readonly payload: CarriedPayload };
  readonly carry: CarryPlace;
}

export interface InvokeRecordsResult {
  readonly payload: CarriedPayload;
  readonly models: readonly ModelUse[];
}

/** Calls at once: an instance has few cores. */
const CALLS_AT_ONCE = 2;

export async function handler(event: InvokeRecordsEvent): Promise<InvokeRecordsResult> {
  const { groups, carry, ...target } = event;
  const { body } = await unpack(groups.payload);
  const { targetModel } = target;
  const waiting = decodeFrames<AnsweredHead>(body).map((group) =>
    targetModel === undefined ? group : { ...group, head: { ...group.head, targetModel } },
  );
  const budget = splitBudget();
  const answered = await mapPooled(waiting, CALLS_AT_ONCE, (group) => invokeGroup(target, group, budget));
  const answers = answered.flat();
  const frames = answers.map(({ head, body: answer }) => ({ head: head satisfies AnswerHead, body: answer }));
  const payload = await pack(encodeFrames(frames), FRAMES_TYPE, carry);
  return { payload, models: modelsOf(target.stage, answers) };
}

/** In the items' order. The first failure ends it, once what had begun has ended. */
async function mapPooled<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  let hasFailed = false;
  const lane = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (hasFailed) return;
      try {
        results[index] = await work(item);
      } catch (thrown) {
        hasFailed = true;
        throw thrown;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}
