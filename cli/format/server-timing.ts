// The `Server-Timing` header of an answer: `Preprocess;dur=1, Estimate;dur=2`. https://www.w3.org/TR/server-timing/

export interface StageTime {
  readonly name: string;
  readonly durationMs: number | undefined;
}

export function stageTimes(header: string): StageTime[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...parameters] = part.split(';').map((each) => each.trim());
      const duration = parameters.find((each) => each.startsWith('dur='))?.slice('dur='.length);
      return { name, durationMs: duration === undefined ? undefined : Number(duration) };
    });
}
