// A pipeline as a typed value: a name, the schema of one input and one output record, and stages in order. The
// compiler in `compile/` checks it and turns it into state machines.
import type { GenericSchema } from 'valibot';
import type { NestedStage, ParallelStage, ShadowStage, SplitStage, SwitchStage } from './composition.ts';

export interface Pipeline {
  /** Part of the state machines' names and of the URL: lower case, digits and hyphens, at most 40. */
  readonly name: string;
  readonly description: string;
  readonly input: GenericSchema;
  readonly output: GenericSchema;
  readonly stages: readonly Stage[];
  /**
   * How records go through the stages. `records` (unless told): all of them together, from stage to stage, which is
   * fastest for many. `record`: each by itself, so that it may take its own way and carry payloads; every kind of
   * composition asks for it (docs/composition.md). There, stages name what they take by expressions: JSONata with
   * fields of the record in braces, `{quality} < 0.25`.
   */
  readonly flow?: 'records' | 'record';
  /**
   * What a request's body is, with `flow: 'record'`: JSON with one record or `instances` (`records`, unless told), or the
   * bytes of one record's payload, such as a picture (`payload`); a line of a batch then names an object.
   */
  readonly body?: 'records' | 'payload';
  /** The fields of the output record as expressions. Of a pipeline with `flow: 'record'`. */
  readonly answer?: Readonly<Record<string, string>>;
  /** The whole real-time execution, in seconds. 28 unless told: an HTTP API waits 30 s. */
  readonly timeoutSeconds?: number;
  readonly batch?: BatchPolicy;
  /** How its models are laid out on endpoints, whatever `stages` writes: see `placement/`. As written, unless told. */
  readonly placement?: Placement;
}

/**
 * The same models as states of one endpoint each, as containers in series on one endpoint, or fused in one container.
 * The answers are the same.
 */
export type Placement = (typeof PLACEMENTS)[number];

export const PLACEMENTS = ['state-machine', 'inference-pipeline', 'container'] as const;

/** A stage that calls something and waits for its answer. */
export type CallStage = FunctionStage | InferenceStage | PayloadStage | NestedStage;

export type Stage = CallStage | ExitStage | SwitchStage | SplitStage | ParallelStage | ShadowStage;

export interface Named {
  /** Also the state's name: PascalCase. Of its own in the whole pipeline, stages inside others included. */
  readonly name: string;
  readonly description?: string;
}

export interface StagePolicy extends Named {
  /** One attempt, in seconds. 10 for a function, 20 for anything else unless told. */
  readonly timeoutSeconds?: number;
  /** In place of the default of the stage's kind; an empty list switches retrying off. */
  readonly retry?: readonly RetryRule[];
  /**
   * The most calls of this stage that one execution has under way: of an inference, those for different target models;
   * with `flow: 'record'`, records. Not limited by the stage unless told.
   */
  readonly concurrency?: number;
  /** Stops calling what fails again and again. Of pipelines with `flow: 'record'`. */
  readonly breaker?: BreakerPolicy;
}

/** A circuit breaker: one per stage and pipeline, shared by all executions. */
export interface BreakerPolicy {
  /** So many failures without a success between them open it. */
  readonly failures: number;
  /** How long it stays open: a record that comes to the stage meanwhile fails with `CircuitOpen`, and no call is made. */
  readonly openSeconds: number;
}

/** A Lambda function of `functions/`, written for one record with the stage runtime of the layer. */
export interface FunctionStage extends StagePolicy {
  readonly kind: 'function';
  /** The folder in `functions/`. */
  readonly function: string;
  /** The fields of the record's value that it needs. The pipeline's input schema, unless told. */
  readonly takes?: readonly string[];
  /**
   * The fields of the record's value that it gives; the values before it are gone. With `flow: 'record'` they join the
   * record.
   */
  readonly gives: readonly string[];
}

/**
 * An endpoint, called by Step Functions itself with `{"instances":[…]}`, answering `{"predictions":[…]}`. Records bound
 * for different target models are grouped, one call each, and put back in their order. As the first stage it takes
 * whole records, all of them in one call.
 */
export interface InferenceStage extends StagePolicy {
  readonly kind: 'inference';
  readonly endpoint: EndpointTarget;
  /**
   * The field of the record's value that is sent; it leaves the record. The whole value, unless told. With
   * `flow: 'record'` an expression.
   */
  readonly instance?: string;
  /** The field under which the answer `{prediction, targetModel?}` joins the record. Unless told, the prediction itself becomes the record's value. */
  readonly into?: string;
  /** The fields of a prediction that becomes the record's value. */
  readonly gives?: readonly string[];
  /** The artefact on a multi-model endpoint, with fields of the record in braces: `{city}.tar.gz`. */
  readonly targetModel?: string;
  readonly targetVariant?: string;
  /** On an endpoint in direct mode. */
  readonly targetContainer?: string;
  /** A second version that answers for part of the records. Of pipelines with `flow: 'record'`. */
  readonly canary?: Canary;
  /** Written by the placement, never by hand. */
  readonly link?: ModelLink;
}

/** One of the stages that the containers of one endpoint become when each is an endpoint of its own. */
export interface ModelLink {
  /** The content type of the answer before it, which is its body; of the first none: it takes `instances`. */
  readonly takes?: string;
  /** The content type of its own answer. */
  readonly answers: string;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Another version of a stage's model; what it names takes the place of what the stage names. */
export interface Canary extends Partial<Pick<InferenceStage, 'endpoint' | 'targetModel' | 'targetVariant'>> {
  /** The share of the keys that it answers for: 0 to 1. */
  readonly weight: number;
  /** An expression. The same key always gets the same version. */
  readonly key: string;
}

/**
 * An endpoint that is called with a payload that is not JSON, such as a picture, through the function
 * `invoke-endpoint`. Of pipelines with `flow: 'record'`.
 */
export interface PayloadStage extends StagePolicy {
  readonly kind: 'payload';
  readonly endpoint: EndpointTarget;
  /** The field that holds the payload: a claim, or inline. */
  readonly payload: string;
  readonly accept: string;
  readonly answer: {
    /** The field that the answer joins the record under as a payload. */
    readonly payload?: string;
    /** Or, of `{"predictions":[…]}` as JSON, the field of the one prediction. */
    readonly prediction?: string;
    /** Fields from numbers among the answer's custom attributes, by the attribute's name. */
    readonly attributes?: Readonly<Record<string, string>>;
    /** Written by the placement: fields by their path in what several models in series answered. */
    readonly collected?: Readonly<Record<string, CollectedAnswer>>;
  };
}

/** Where the answer of one of several models in series stands: its prediction, or a number among its attributes. */
export interface CollectedAnswer {
  readonly stage: string;
  /** The attribute's name; the prediction unless told. */
  readonly attribute?: string;
}

/** The end of the pipeline for a record that meets a condition. Of pipelines with `flow: 'record'`. */
export interface ExitStage extends Named {
  readonly kind: 'exit';
  /** An expression that is true or false. Every record that comes here leaves, unless told. */
  readonly when?: string;
  /** The fields of the output record, in place of the pipeline's own `answer`. */
  readonly answer: Readonly<Record<string, string>>;
}

export interface EndpointTarget {
  /**
   * The placeholder for the endpoint's name, filled in by the template: `TumourScreeningEndpoint` is the endpoint
   * `seriatim-<stage>-tumour-screening`, whose artefacts lie under `tumour-screening/` in the model bucket.
   */
  readonly placeholder: string;
  /** One, or an inference pipeline of up to 15 in series. */
  readonly containers: readonly EndpointContainer[];
  /** On one machine only: `first-call` starts its containers when they are first called. `boot` unless told. */
  readonly starts?: 'boot' | 'first-call';
  /** Further versions on instances of their own, which answer only those who name them. */
  readonly variants?: readonly EndpointVariant[];
}

/** The name of an endpoint's first variant, which answers whoever names none. */
export const OWN_VARIANT = 'AllTraffic';

export interface EndpointVariant {
  /** PascalCase: what `targetVariant` names. */
  readonly name: string;
  /** Where its artefacts are, in `models/` and in the model bucket: `tumour-screening-next`. The containers are the same. */
  readonly artefacts: string;
}

export interface EndpointContainer {
  readonly name: string;
  readonly mode?: 'SingleModel' | 'MultiModel';
  readonly environment?: Readonly<Record<string, string>>;
  /** The content type of its answers, as the container after it takes them. `application/json` unless told. */
  readonly answers?: string;
  /** The folder of its model below `models/` and in the model bucket. `<endpoint>/<container>` unless told. */
  readonly model?: string;
  /** Written by the placement: the models that this one container runs in turn. */
  readonly series?: ModelSeries;
}

/** Several models behind each other in one container. */
export interface ModelSeries {
  readonly models: readonly ModelInSeries[];
  /** Whether it answers with what each of them answered, by the stage's name, in place of the last one's answer. */
  readonly collects: boolean;
}

export interface ModelInSeries {
  readonly name: string;
  /** As it would be by itself. */
  readonly container: EndpointContainer;
  /** What it answers with to the model after it; its own default unless told. */
  readonly accept?: string;
}

/** One retrier of Amazon States Language, in its own words. */
export interface RetryRule {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

export interface BatchPolicy {
  /** Records handed to one child execution at most. 500 unless told. */
  readonly recordsPerChild?: number;
  /** Bytes of records handed to one child at most. 98,304 unless told, so that stages may add to them. */
  readonly bytesPerChild?: number;
  /** Children at once. 40 unless told. */
  readonly maxConcurrency?: number;
}

/** A pipeline, checked by the type system only; `compilePipeline` checks the rest. */
export function pipeline(definition: Pipeline): Pipeline {
  return definition;
}

export function functionStage(stage: Omit<FunctionStage, 'kind'>): FunctionStage {
  return { kind: 'function', ...stage };
}

export function inferenceStage(stage: Omit<InferenceStage, 'kind'>): InferenceStage {
  return { kind: 'inference', ...stage };
}

export function payloadStage(stage: Omit<PayloadStage, 'kind'>): PayloadStage {
  return { kind: 'payload', ...stage };
}

export function exitStage(stage: Omit<ExitStage, 'kind'>): ExitStage {
  return { kind: 'exit', ...stage };
}
