// Step Functions over the wire: raw connections, so that what is measured is the engine and not an SDK's client.
import { connect, type HttpClient } from './http-client.ts';

/** The bytes of one call of the AWS JSON protocol. */
function callBytes(port: number, operation: string, input: unknown): Buffer {
  const body = JSON.stringify(input);
  const head = [
    'POST / HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/x-amz-json-1.0',
    `x-amz-target: AWSStepFunctions.${operation}`,
    'authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/states/aws4_request, SignedHeaders=host, Signature=0',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

export class WireCaller {
  private readonly client: HttpClient;
  private readonly port: number;

  private constructor(client: HttpClient, port: number) {
    this.client = client;
    this.port = port;
  }

  static async open(port: number): Promise<WireCaller> {
    return new WireCaller(await connect(port), port);
  }

  /** @throws for any answer but 200 */
  async call(operation: string, input: unknown): Promise<Record<string, unknown>> {
    const { statusCode, body } = await this.client.send(callBytes(this.port, operation, input));
    if (statusCode !== 200) throw new Error(`${operation}: ${statusCode} ${body}`);
    return JSON.parse(body) as Record<string, unknown>;
  }

  async runExpress(stateMachineArn: string, n: number): Promise<void> {
    const { status } = await this.call('StartSyncExecution', { stateMachineArn, input: `{"n":${n}}` });
    if (status !== 'SUCCEEDED') throw new Error(`an execution ended as ${status}`);
  }

  /** Started, then described until it has ended. */
  async runStandard(stateMachineArn: string, n: number): Promise<void> {
    const { executionArn } = await this.call('StartExecution', { stateMachineArn, input: `{"n":${n}}` });
    for (;;) {
      const { status } = await this.call('DescribeExecution', { executionArn });
      if (status === 'SUCCEEDED') return;
      if (status !== 'RUNNING') throw new Error(`an execution ended as ${status}`);
    }
  }

  close(): void {
    this.client.close();
  }
}
