// A CloudFormation template as it stands in the file, checked for its outline only: sections are objects and every
// resource has a type. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
import { readFile } from 'node:fs/promises';
import { shown, TemplateError } from './errors.ts';

export interface Template {
  readonly parameters: Readonly<Record<string, ParameterDeclaration>>;
  readonly mappings: Readonly<Record<string, unknown>>;
  readonly conditions: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, ResourceDeclaration>>;
  readonly outputs: Readonly<Record<string, OutputDeclaration>>;
}

export interface ParameterDeclaration {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly ConstraintDescription?: string;
}

export interface ResourceDeclaration {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
}

export interface OutputDeclaration {
  readonly Value: unknown;
  readonly Condition?: string;
  readonly Export?: unknown;
}

/** @throws TemplateError when the file is missing, is not JSON, or lacks the outline of a template */
export async function readTemplate(file: string): Promise<Template> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new TemplateError(file, 'cannot be read');
  }
  return parseTemplate(text, file);
}

/** @param name stands in the messages, usually the file */
export function parseTemplate(text: string, name = 'template'): Template {
  const document = parseJson(text, name);
  if (document.Transform !== undefined)
    throw new TemplateError('Transform', `${shown(document.Transform)}: transforms are not applied here`);
  const resources = section(document, 'Resources');
  if (Object.keys(resources).length === 0) throw new TemplateError('Resources', 'there are none');
  for (const [id, resource] of Object.entries(resources)) checkResource(id, resource);
  const outputs = section(document, 'Outputs');
  for (const [id, output] of Object.entries(outputs)) checkOutput(id, output);
  return {
    parameters: section(document, 'Parameters') as Template['parameters'],
    mappings: section(document, 'Mappings'),
    conditions: section(document, 'Conditions'),
    resources: resources as Template['resources'],
    outputs: outputs as Template['outputs'],
  };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string, name: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (thrown) {
    throw new TemplateError(name, `is not JSON: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
  if (!isObject(document)) throw new TemplateError(name, `is not an object: ${shown(document)}`);
  return document;
}

function section(document: Record<string, unknown>, name: string): Record<string, unknown> {
  const found = document[name] ?? {};
  if (!isObject(found)) throw new TemplateError(name, `must be an object, is ${shown(found)}`);
  return found;
}

function checkResource(id: string, resource: unknown): void {
  const path = `Resources.${id}`;
  if (!isObject(resource)) throw new TemplateError(path, `must be an object, is ${shown(resource)}`);
  if (typeof resource.Type !== 'string') throw new TemplateError(path, 'has no Type');
  if (resource.Properties !== undefined && !isObject(resource.Properties))
    throw new TemplateError(`${path}.Properties`, `must be an object, is ${shown(resource.Properties)}`);
}

function checkOutput(id: string, output: unknown): void {
  if (!isObject(output) || output.Value === undefined)
    throw new TemplateError(`Outputs.${id}`, 'has no Value');
}
