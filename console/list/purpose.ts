// What an execution is for, as the name of its state machine tells. Pure.

export type Purpose = 'request' | 'batch' | 'rerun';

/** @param arn of the execution: `…:execution:<state machine>:…` or `…:express:<state machine>:…` */
export function purposeOf(arn: string): Purpose {
  const machine = (arn.split(':')[6] ?? '').split('/', 1)[0]!;
  if (/-rerun-[0-9a-f]+$/.test(machine)) return 'rerun';
  return machine.endsWith('-batch') ? 'batch' : 'request';
}
