// XML as S3 reads and writes it. Documents are plain objects: a name for each element, an array for repeated ones.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { AwsError } from '../wire/errors.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export type XmlValue = string | number | boolean | undefined | XmlElement | readonly XmlValue[];
export interface XmlElement {
  readonly [name: string]: XmlValue;
}

/** A whole document. Members that are `undefined` are left out; an element keeps the order of its members. */
export function writeXml(root: string, element: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${members(element)}</${root}>`;
}

function members(element: XmlElement): string {
  let text = '';
  for (const name in element) text += write(name, element[name]);
  return text;
}

function write(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => write(name, item)).join('');
  if (typeof value === 'object') return `<${name}>${members(value as XmlElement)}</${name}>`;
  return `<${name}>${typeof value === 'string' ? escapeText(value) : value}</${name}>`;
}

/** Control characters go out as references, as S3 writes them, so that a carriage return in a key survives. */
function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return text.replace(/[<>&"'\u0000-\u001f\u007f]/g, (c) => `&#${c.charCodeAt(0)};`);
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  ignoreDeclaration: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  removeNSPrefix: true,
  htmlEntities: true,
});

/** One parsed element: text, or children by name. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] };

/** @throws AwsError MalformedXML (400) unless the text is well formed and its root is `root` */
export function readXml(text: string, root: string): XmlNode {
  if (XMLValidator.validate(text) !== true) throw malformedXml();
  const document = parser.parse(text) as Record<string, XmlNode>;
  const node = document[root];
  if (node === undefined) throw malformedXml();
  return node;
}

export function malformedXml(): AwsError {
  const message = 'The XML you provided was not well-formed or did not validate against our published schema';
  return new AwsError('MalformedXML', message);
}

/** All children of that name, in order. */
export function children(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  if (node === undefined || typeof node === 'string') return [];
  const found = node[name];
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found as XmlNode];
}

export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return children(node, name)[0];
}

/** The text of the first child of that name; `undefined` when there is none. */
export function childText(node: XmlNode | undefined, name: string): string | undefined {
  const found = child(node, name);
  return found === undefined ? undefined : nodeText(found);
}

export function nodeText(node: XmlNode): string {
  if (typeof node === 'string') return node;
  const text = node['#text'];
  return typeof text === 'string' ? text : '';
}
