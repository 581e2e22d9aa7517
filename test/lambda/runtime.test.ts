// What a function meets inside its environment, and what its failures look like from outside.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkshop, type Workshop } from './functions.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await openWorkshop({ awsEndpoint: () => 'http://127.0.0.1:4566' });
});
afterAll(() => workshop.close());

describe('environment', () => {
  it('gives the function its own variables and those of the runtime', async () => {
    process.env.SERIATIM_LEAK = 'outside';
    await workshop.put('export const handler = async () => process.env;', {
      environment: { STAGE: 'dev', AWS_REGION: 'nowhere' },
      memoryMb: 256,
    });

    const { answer } = await workshop.call({}, { traceId: 'Root=1-5759e988-bd862e3fe1be46a994272793' });
    delete process.env.SERIATIM_LEAK;

    expect(answer).toMatchObject({
      STAGE: 'dev',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'subject',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/subject',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_ACCESS_KEY_ID: 'test',
      LAMBDA_TASK_ROOT: workshop.folder,
      _HANDLER: '.build/functions/subject/index.handler',
      _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793',
    });
    expect(answer).not.toHaveProperty('SERIATIM_LEAK');
    expect(answer).not.toHaveProperty('HOME');
  });

  it('gives the handler a context', async () => {
    await workshop.put(`export const handler = async (event, context) => {
      const left = context.getRemainingTimeInMillis();
      return { ...context, left };
    };`);

    const { answer } = await workshop.call();

    expect(answer).toMatchObject({
      functionName: 'subject',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:subject',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/subject',
      logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      callbackWaitsForEmptyEventLoop: true,
    });
    expect((answer as { left: number }).left).toBeGreaterThan(2000);
    expect((answer as { left: number }).left).toBeLessThanOrEqual(3000);
  });
});

describe('handlers', () => {
  it.each([
    ['returns a value', 'export const handler = (event) => event.n + 1;', 'nodejs24.x', 2],
    ['returns nothing', 'export const handler = async () => {};', 'nodejs24.x', null],
    [
      'stands in a nested member',
      'export const handler = { inner: async () => "deep" };',
      'nodejs24.x',
      'deep',
      'handler.inner',
    ],
    [
      'calls back',
      'export const handler = (event, context, callback) => { setTimeout(() => callback(null, event.n), 1); };',
      'nodejs22.x',
      1,
    ],
    [
      'calls context.succeed',
      'export const handler = (event, context) => { context.succeed("old"); };',
      'nodejs22.x',
      'old',
    ],
    ['never calls back', 'export const handler = (event, context, callback) => {};', 'nodejs22.x', null],
  ])('serves one that %s', async (_what, source, runtime, expected, member = 'handler') => {
    await workshop.put(source, { runtime, handler: `.build/functions/subject/index.${member}` });

    expect(await workshop.call({ n: 1 })).toEqual({ answer: expected, functionError: undefined });
  });

  it.each([
    ['.js as CommonJS', 'plain/index.js', 'exports.handler = async () => "js";', 'js'],
    [
      '.cjs with computed exports',
      'common/index.cjs',
      'const make = () => ({ handler: async () => "cjs" }); module.exports = make();',
      'cjs',
    ],
  ])('loads %s', async (_what, file, source, expected) => {
    workshop.write({ [file]: source });
    await workshop.put('', { handler: `${file.split('.')[0]}.handler` });

    expect((await workshop.call()).answer).toBe(expected);
  });
});

describe('failures', () => {
  it.each([
    ['an Error', 'throw new TypeError("bad field")', { errorType: 'TypeError', errorMessage: 'bad field' }],
    [
      'a class with a name',
      'throw new (class X extends Error { name = "ContractViolation" })("shape")',
      { errorType: 'ContractViolation', errorMessage: 'shape' },
    ],
    ['a string', 'throw "plain"', { errorType: 'string', errorMessage: 'plain', trace: [] }],
    [
      'something cyclic returned',
      'const a = {}; a.a = a; return a',
      { errorMessage: 'Unable to stringify response body' },
    ],
    ['a promise that is never settled', 'await new Promise(() => {})', { errorType: 'Runtime.NodeJsExit' }],
    [
      'an answer over 6 MB',
      'return "x".repeat(6 * 1024 * 1024)',
      { errorType: 'Function.ResponseSizeTooLarge' },
    ],
  ])('reports %s', async (_what, statement, expected) => {
    await workshop.put(`export const handler = async () => { ${statement}; };`);

    const { answer, functionError } = await workshop.call();

    expect(functionError).toBe('Unhandled');
    expect(answer).toMatchObject(expected);
  });

  it.each([
    [
      'a module that is not there',
      'import "no-such-package"; export const handler = 1;',
      'Runtime.ImportModuleError',
    ],
    ['a syntax error', 'export const handler = async () => {', 'Runtime.UserCodeSyntaxError'],
    ['a missing export', 'export const other = 1;', 'Runtime.HandlerNotFound'],
    ['an export that is no function', 'export const handler = 1;', 'Runtime.HandlerNotFound'],
    [
      'an error while loading',
      'throw Object.assign(new Error("no table"), { name: "ConfigMissing" });',
      'ConfigMissing',
    ],
    ['an exit while loading', 'process.exit(3);', 'Runtime.ExitError'],
    [
      'a callback handler on Node.js 24',
      'export const handler = (event, context, callback) => callback(null, 1);',
      'Runtime.CallbackHandlerDeprecated',
    ],
  ])('reports %s, and loads again for the next invocation', async (_what, source, errorType) => {
    await workshop.put(source);

    expect(await workshop.call()).toMatchObject({ functionError: 'Unhandled', answer: { errorType } });
    workshop.write({ '.build/functions/subject/index.mjs': 'export const handler = async () => "mended";' });
    expect((await workshop.call()).answer).toBe('mended');
  });

  it('refuses a handler that climbs out of the package', async () => {
    await workshop.put('', { handler: '../elsewhere/index.handler' });

    expect((await workshop.call()).answer).toMatchObject({ errorType: 'Runtime.MalformedHandlerName' });
  });
});

describe('layers', () => {
  it('serves what is imported from under /opt, a later layer covering an earlier one', async () => {
    workshop.write({
      'layer-a/nodejs/shared.mjs': 'import { deep } from "./deep.mjs"; export const who = "a:" + deep;',
      'layer-a/nodejs/deep.mjs': 'export const deep = "deep-a";',
      'layer-a/nodejs/both.mjs': 'export const who = "a";',
      'layer-b/nodejs/both.mjs': 'export const who = "b";',
      'layer-b/nodejs/node_modules/packed/index.js': 'exports.who = "packed";',
    });
    await workshop.put(
      `import { who as a } from '/opt/nodejs/shared.mjs';
       import { who as b } from '/opt/nodejs/both.mjs';
       import { createRequire } from 'node:module';
       const { who: c } = createRequire(import.meta.url)('packed');
       export const handler = async () => [a, b, c];`,
      { layerFolders: [`${workshop.folder}/layer-a`, `${workshop.folder}/layer-b`] },
    );

    expect((await workshop.call()).answer).toEqual(['a:deep-a', 'b', 'packed']);
  });

  it('names a file that no layer has', async () => {
    workshop.write({ 'layer-a/nodejs/shared.mjs': '' });
    await workshop.put('import "/opt/nodejs/absent.mjs"; export const handler = () => {};', {
      layerFolders: [`${workshop.folder}/layer-a`],
    });

    const { answer } = await workshop.call();

    expect(answer).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
    expect((answer as { errorMessage: string }).errorMessage).toContain('/opt/nodejs/absent.mjs');
  });
});
