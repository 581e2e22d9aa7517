// ARNs of Step Functions taken apart.

export interface ResourceArn {
  /** Without version or alias. */
  readonly machineArn: string;
  /** A version's number or an alias's name. */
  readonly qualifier: string | undefined;
}

/** `arn:aws:states:<region>:<account>:stateMachine:<name>[:<qualifier>]` */
export function parseResourceArn(arn: string): ResourceArn {
  const parts = arn.split(':');
  return { machineArn: parts.slice(0, 7).join(':'), qualifier: parts[7] };
}
