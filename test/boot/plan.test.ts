// What is found out about a template before anything is created: parameters, conditions, names and order.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation, not of JavaScript
import { describe, expect, it } from 'vitest';
import { type PlanOptions, planStack, type StackPlan } from '../../local/boot/stack.ts';
import { parseTemplate } from '../../local/boot/template/model.ts';
import { DEFAULT_PLACE } from '../../local/service.ts';

const options: PlanOptions = { place: DEFAULT_PLACE, stackName: 'shop-dev' };

function plan(template: object, more: Partial<PlanOptions> = {}): StackPlan {
  return planStack(parseTemplate(JSON.stringify(template)), { ...options, ...more });
}

const role = (properties: object = {}): object => ({ Type: 'AWS::IAM::Role', Properties: properties });
const refuses = (path: string, problem: string): object =>
  expect.objectContaining({ name: 'TemplateError', path, message: expect.stringContaining(problem) });

describe('parameters', () => {
  const template = {
    Parameters: {
      Stage: { Type: 'String', Default: 'dev', AllowedValues: ['dev', 'prod'] },
      Count: { Type: 'Number', Default: 2 },
      Zones: { Type: 'CommaDelimitedList', Default: 'a, b' },
    },
    Resources: { R: role() },
  };

  it('take their defaults, as text or lists of text', () => {
    const { values } = plan(template);

    expect(values.get('Stage')).toBe('dev');
    expect(values.get('Count')).toBe('2');
    expect(values.get('Zones')).toEqual(['a', 'b']);
  });

  it('take a value in place of the default', () => {
    const { values } = plan(template, { parameters: { Stage: 'prod' } });

    expect(values.get('Stage')).toBe('prod');
  });

  it.each([
    ['a value that is not allowed', { Stage: 'test' }, 'Parameters.Stage', 'not allowed'],
    ['a number that is none', { Count: 'many' }, 'Parameters.Count', 'not a number'],
    ['a value for no parameter', { Nothing: '1' }, 'Parameters', 'there is no parameter Nothing'],
  ])('refuse %s', (_name, parameters: Record<string, string>, path, problem) => {
    expect(() => plan(template, { parameters })).toThrow(refuses(path, problem));
  });

  it('refuse to be without a value', () => {
    const bare = { ...template, Parameters: { Key: { Type: 'String' } } };

    expect(() => plan(bare)).toThrow(refuses('Parameters.Key', 'no default'));
  });

  it('know where the stack is', () => {
    const { values } = plan(template);

    expect(values.get('AWS::StackId')).toMatch(
      /^arn:aws:cloudformation:us-east-1:000000000000:stack\/shop-dev\//,
    );
  });
});

describe('conditions', () => {
  const withConditions = (conditions: object): object => ({
    Parameters: { Stage: { Type: 'String', Default: 'dev' } },
    Conditions: conditions,
    Resources: { R: role() },
  });
  const isDev = { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] };

  it('combine each other in any order', () => {
    const { conditions } = plan(
      withConditions({
        Either: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
        Both: { 'Fn::And': [{ Condition: 'IsDev' }, { Condition: 'IsProd' }] },
        IsProd: { 'Fn::Not': [{ Condition: 'IsDev' }] },
        IsDev: isDev,
      }),
    );

    expect(Object.fromEntries(conditions)).toEqual({ IsDev: true, IsProd: false, Either: true, Both: false });
  });

  it.each([
    ['an unknown name', { A: { Condition: 'B' } }, 'Conditions.A.Condition', 'there is no condition B'],
    ['a circle', { A: { Condition: 'B' }, B: { Condition: 'A' } }, 'Conditions.B.Condition', 'A → B → A'],
    [
      'a resource',
      { A: { 'Fn::Equals': [{ Ref: 'R' }, 1] } },
      'Conditions.A.Fn::Equals[0].Ref',
      'no parameter R',
    ],
    ['another function', { A: { 'Fn::Join': [] } }, 'Conditions.A.Fn::Join', 'not a condition function'],
  ])('refuse %s', (_name, conditions, path, problem) => {
    expect(() => plan(withConditions(conditions))).toThrow(refuses(path, problem));
  });

  it('leave out resources, and what refers to them only in a branch not taken', () => {
    const { order } = plan({
      ...withConditions({ IsProd: { 'Fn::Not': [isDev] } }),
      Resources: {
        A: { ...role(), Condition: 'IsProd' },
        B: { ...role({ X: { 'Fn::If': ['IsProd', { Ref: 'A' }, 'none'] } }), DependsOn: 'A' },
      },
    });

    expect([...order]).toEqual([['B', new Set()]]);
  });

  it('make a reference to a left out resource an error', () => {
    const template = {
      ...withConditions({ IsProd: { 'Fn::Not': [isDev] } }),
      Resources: { A: { ...role(), Condition: 'IsProd' }, B: role({ X: { Ref: 'A' } }) },
    };

    expect(() => plan(template)).toThrow(refuses('Resources.B.Properties.X.Ref', 'condition IsProd'));
  });
});

describe('names and order', () => {
  it('creates what is needed before what needs it', () => {
    const { order } = plan({
      Resources: {
        Last: { ...role({ P: { 'Fn::Sub': '${Middle.Arn}' } }), DependsOn: ['First'] },
        Middle: role({ P: { 'Fn::GetAtt': ['First', 'Arn'] } }),
        First: role(),
      },
    });

    expect([...order.keys()]).toEqual(['First', 'Middle', 'Last']);
  });

  it('names a circle', () => {
    const template = {
      Resources: {
        A: role({ P: { Ref: 'B' } }),
        B: { ...role(), DependsOn: 'C' },
        C: role({ P: { Ref: 'A' } }),
      },
    };

    expect(() => plan(template)).toThrow(refuses('Resources.A', 'A → B → C → A'));
  });

  it.each([
    ['Ref', { Ref: 'Buckte' }, 'P.Ref', 'there is no resource or parameter Buckte; did you mean Bucket?'],
    ['GetAtt', { 'Fn::GetAtt': 'Nothing.Arn' }, 'P.Fn::GetAtt', 'there is no resource Nothing'],
    ['Sub', { 'Fn::Sub': 'x${Other.Arn}' }, 'P.Fn::Sub', 'there is no resource Other'],
    ['If', { 'Fn::If': ['Never', 1, 2] }, 'P.Fn::If.Condition', 'there is no condition Never'],
  ])('names the unknown reference of a %s', (_name, value, at, problem) => {
    const template = { Resources: { Bucket: role(), R: role({ P: value }) } };

    expect(() => plan(template)).toThrow(refuses(`Resources.R.Properties.${at}`, problem));
  });

  it('checks outputs and DependsOn too', () => {
    const resources = { R: role() };

    expect(() => plan({ Resources: resources, Outputs: { O: { Value: { Ref: 'X' } } } })).toThrow(
      refuses('Outputs.O.Value.Ref', 'X'),
    );
    expect(() => plan({ Resources: { R: { ...role(), DependsOn: 'X' } } })).toThrow(
      refuses('Resources.R.DependsOn', 'there is no resource X'),
    );
  });

  it('lists types that are not served', () => {
    const { unserved } = plan({ Resources: { Q: { Type: 'AWS::SQS::Queue' }, R: role() } });

    expect(unserved).toEqual([{ logicalId: 'Q', type: 'AWS::SQS::Queue' }]);
  });
});

describe('types', () => {
  it.each(['AWS::S3::Bukket', 'AWS::S3::Bucke', 'AWS::Lambda::Funtcion'])('refuse the slip %s', (type) => {
    expect(() => plan({ Resources: { R: { Type: type } } })).toThrow(
      refuses('Resources.R.Type', `${type} is no resource type`),
    );
  });

  it('may be ones that are not served here', () => {
    const { unserved } = plan({ Resources: { R: { Type: 'AWS::SageMaker::ModelCard' } } });

    expect(unserved).toEqual([{ logicalId: 'R', type: 'AWS::SageMaker::ModelCard' }]);
  });
});

describe('the outline', () => {
  it.each([
    ['text that is not JSON', '{', 'is not JSON'],
    ['no resources', '{"Resources":{}}', 'there are none'],
    ['a resource without type', '{"Resources":{"A":{}}}', 'Resources.A: has no Type'],
    ['a transform', '{"Transform":"AWS::Serverless-2016-10-31","Resources":{}}', 'transforms'],
  ])('refuses %s', (_name, text, problem) => {
    expect(() => parseTemplate(text)).toThrow(problem);
  });
});
