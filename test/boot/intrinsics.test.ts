// Each intrinsic function, on its own, with names that a small scope knows.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of CloudFormation, not of JavaScript
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type Scope } from '../../local/boot/template/evaluate.ts';
import { splitSub } from '../../local/boot/template/substitute.ts';

const scope: Scope = {
  mappings: { Sizes: { dev: { Instances: 1, Zones: ['a', 'b'] } } },
  ref: (name) =>
    ({ Stage: 'dev', 'AWS::Region': 'eu-west-1', Zones: ['a', 'b', 'c'], Bucket: 'data' })[name] ??
    fail(name),
  attribute: (logicalId, attribute) => `${logicalId}/${attribute}`,
  condition: (name) => name === 'IsDev',
};

function fail(name: string): never {
  throw new Error(`unexpected name ${name}`);
}

const resolve = (value: unknown): unknown => evaluate(value, scope, 'Here');

describe('intrinsic functions', () => {
  it.each([
    ['Ref', { Ref: 'Stage' }, 'dev'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Role', 'Arn'] }, 'Role/Arn'],
    ['GetAtt as text', { 'Fn::GetAtt': 'Db.Endpoint.Address' }, 'Db/Endpoint.Address'],
    ['Sub as text', { 'Fn::Sub': '${Stage}-${Role.Arn}-${!Keep}-$5' }, 'dev-Role/Arn-${Keep}-$5'],
    ['Sub with values', { 'Fn::Sub': ['${Stage}:${X}', { X: { Ref: 'Bucket' } }] }, 'dev:data'],
    ['Sub whose value hides a parameter', { 'Fn::Sub': ['${Stage}', { Stage: 'mine' }] }, 'mine'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-dev-3'],
    ['Join of a list parameter', { 'Fn::Join': [',', { Ref: 'Zones' }] }, 'a,b,c'],
    ['Select', { 'Fn::Select': ['1', { Ref: 'Zones' }] }, 'b'],
    ['Split', { 'Fn::Split': ['|', 'a||b'] }, ['a', '', 'b']],
    ['Select of a Split', { 'Fn::Select': [2, { 'Fn::Split': [':', 'a:b:c'] }] }, 'c'],
    ['If, taken', { 'Fn::If': ['IsDev', 1, { Ref: 'NotKnown' }] }, 1],
    ['If, not taken', { 'Fn::If': ['IsProd', { Ref: 'NotKnown' }, 2] }, 2],
    ['FindInMap', { 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'Instances'] }, 1],
    ['Base64', { 'Fn::Base64': { Ref: 'Stage' } }, 'ZGV2'],
    ['zones', { 'Fn::GetAZs': '' }, ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']],
    [
      'an ordinary object',
      { a: [{ Ref: 'Stage' }], Condition: { b: 1 } },
      { a: ['dev'], Condition: { b: 1 } },
    ],
  ])('resolves %s', (_name, value, expected) => {
    const resolved = resolve(value);

    expect(resolved).toEqual(expected);
  });

  it('leaves out what AWS::NoValue stands for', () => {
    const noValue = { 'Fn::If': ['IsProd', 'x', { Ref: 'AWS::NoValue' }] };

    const resolved = resolve({ kept: 1, gone: noValue, list: ['a', noValue] });

    expect(resolved).toEqual({ kept: 1, list: ['a'] });
  });

  it.each([
    ['an index outside the list', { 'Fn::Select': [3, { Ref: 'Zones' }] }, 'Here.Fn::Select', 'list of 3'],
    [
      'a mapping that lacks the key',
      { 'Fn::FindInMap': ['Sizes', 'prod', 'X'] },
      'Here.Fn::FindInMap',
      'prod',
    ],
    ['an export of another stack', { 'Fn::ImportValue': 'Net' }, 'Here.Fn::ImportValue', 'another stack'],
    ['an unknown function', { 'Fn::Cidr': [] }, 'Here', 'Fn::Cidr'],
    ['a list in a Sub', { a: { 'Fn::Sub': '${Zones}' } }, 'Here.a.Fn::Sub', 'expects text'],
    ['a function with a key beside it', { 'Fn::Sub': 'x', y: 1 }, 'Here', 'only key'],
    ['a dynamic reference', ['{{resolve:ssm:x}}'], 'Here[0]', 'resolve:ssm'],
    ['Equals outside conditions', { 'Fn::Equals': [1, 1] }, 'Here.Fn::Equals', 'Conditions'],
  ])('refuses %s and names the place', (_name, value, path, problem) => {
    expect(() => resolve(value)).toThrow(
      expect.objectContaining({ name: 'TemplateError', path, message: expect.stringContaining(problem) }),
    );
  });

  it('puts any text together again from the parts of a Sub', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', '!', 'a', '.') }), (text) => {
        const parts = splitSub(text).map((part) => ('text' in part ? part.text : `\${${part.name}}`));

        expect(parts.join('')).toBe(text.replaceAll(/\$\{!([^{}]*)\}/g, '${$1}'));
      }),
    );
  });
});
