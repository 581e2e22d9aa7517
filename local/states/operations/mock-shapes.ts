// The shapes of answers that TestState holds mocked results to. STRICT asks for the required members, PRESENT only
// looks at those that are there. An integration that is not in the table is taken as it comes.
import { isNumber, isObject, type Json, numberOf } from '../json/text.ts';
import { validation } from './api-errors.ts';

export type FieldValidationMode = 'STRICT' | 'PRESENT' | 'NONE';

interface Shape {
  readonly type: 'string' | 'number' | 'boolean' | 'object' | 'array';
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly members?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
}

const text: Shape = { type: 'string' };
const number: Shape = { type: 'number' };
const flag: Shape = { type: 'boolean' };
const object = (members: Record<string, Shape>, required: readonly string[] = []): Shape => ({
  type: 'object',
  members,
  required,
});
const array = (items: Shape): Shape => ({ type: 'array', items });

/** S3's storage classes, of https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'OUTPOSTS',
  'GLACIER_IR',
  'SNOW',
  'EXPRESS_ONEZONE',
  'FSX_OPENZFS',
  'FSX_ONTAP',
];

const startExecution = object({ ExecutionArn: text, StartDate: text }, ['ExecutionArn', 'StartDate']);
const invoke = object({
  StatusCode: number,
  FunctionError: text,
  LogResult: text,
  ExecutedVersion: { type: 'string', min: 1, max: 1024 },
});
const consumedCapacity = object({
  TableName: text,
  CapacityUnits: number,
  ReadCapacityUnits: number,
  WriteCapacityUnits: number,
});

const SHAPES: Readonly<Record<string, Shape>> = {
  'states:startExecution': startExecution,
  'aws-sdk:sfn:startExecution': startExecution,
  'lambda:invoke': invoke,
  'aws-sdk:lambda:invoke': invoke,
  'aws-sdk:lambda:getFunction': object({
    Configuration: object({
      FunctionName: text,
      FunctionArn: text,
      Handler: text,
      CodeSize: number,
      Timeout: { type: 'number', min: 1 },
      MemorySize: { type: 'number', min: 128, max: 10_240 },
      LastModified: text,
      Version: text,
    }),
  }),
  'aws-sdk:s3:getObject': object({
    Body: text,
    ContentLength: number,
    ContentType: text,
    DeleteMarker: flag,
    ETag: text,
    LastModified: text,
    StorageClass: { type: 'string', values: STORAGE_CLASSES },
    VersionId: text,
  }),
  'aws-sdk:s3:putObject': object({ ETag: text, VersionId: text, Expiration: text, Size: number }),
  'aws-sdk:sagemakerruntime:invokeEndpoint': object(
    { Body: text, ContentType: text, InvokedProductionVariant: text, CustomAttributes: text },
    ['Body'],
  ),
  'aws-sdk:kms:encrypt': object({
    CiphertextBlob: { type: 'string', min: 1, max: 6144 },
    KeyId: { type: 'string', min: 1, max: 2048 },
    EncryptionAlgorithm: text,
  }),
  'dynamodb:putItem': object({ ConsumedCapacity: consumedCapacity }),
  'dynamodb:getItem': object({ ConsumedCapacity: consumedCapacity }),
  'dynamodb:updateItem': object({ ConsumedCapacity: consumedCapacity }),
  'dynamodb:deleteItem': object({ ConsumedCapacity: consumedCapacity }),
  'sqs:sendMessage': object({ MD5OfMessageBody: text, MessageId: text, SequenceNumber: text }),
  'sns:publish': object({ MessageId: text, SequenceNumber: text }),
  'events:putEvents': object({
    FailedEntryCount: number,
    Entries: array(object({ EventId: text, ErrorCode: text, ErrorMessage: text })),
  }),
};

/** @throws AwsError ValidationException naming the first member that does not fit */
export function checkMockShape(integration: string, result: Json, mode: FieldValidationMode): void {
  const shape = SHAPES[integration];
  if (mode === 'NONE' || shape === undefined) return;
  checkObject(result, shape, mode);
}

function problem(detail: string): Error {
  return validation(`Mock result schema validation error: ${detail}`);
}

function checkObject(value: Json, shape: Shape, mode: FieldValidationMode): void {
  if (!isObject(value)) return;
  for (const name of mode === 'STRICT' ? (shape.required ?? []) : []) {
    if (value[name] === undefined) throw problem(`Required field '${name}' is missing`);
  }
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const found = value[name];
    if (found !== undefined && found !== null) checkMember(name, found, { shape: member, mode });
  }
}

interface Member {
  readonly shape: Shape;
  readonly mode: FieldValidationMode;
}

function checkMember(name: string, value: Json, { shape, mode }: Member): void {
  if (!hasType(value, shape.type)) throw problem(`Field '${name}' must be ${ARTICLES[shape.type]}`);
  if (shape.type === 'object') checkObject(value, shape, mode);
  if (shape.type === 'array') {
    for (const item of value as Json[]) checkMember(name, item, { shape: shape.items!, mode });
  }
  if (typeof value === 'string') checkText(name, value, shape);
  if (shape.type === 'number') checkNumber(name, numberOf(value), shape);
}

const ARTICLES: Readonly<Record<Shape['type'], string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  object: 'an object',
  array: 'an array',
};

function hasType(value: Json, type: Shape['type']): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'number') return isNumber(value);
  return type === 'string' ? typeof value === 'string' : typeof value === 'boolean';
}

function checkText(name: string, value: string, { min, max, values }: Shape): void {
  if (min !== undefined && value.length < min)
    throw problem(`Field '${name}' is smaller than the minimum length`);
  if (max !== undefined && value.length > max) throw problem(`Field '${name}' exceeds the maximum length`);
  if (values !== undefined && !values.includes(value))
    throw problem(`Field '${name}' is not an expected value`);
}

function checkNumber(name: string, value: number, { min, max }: Shape): void {
  if (min !== undefined && value < min) throw problem(`Field '${name}' is less than the minimum value`);
  if (max !== undefined && value > max) throw problem(`Field '${name}' exceeds the maximum value`);
}
