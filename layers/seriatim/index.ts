// The entry of the shared layer: what functions import, as `/opt/nodejs/seriatim.mjs` once deployed.
export * from './claims.ts';
export * from './clients.ts';
export * from './contracts/diabetes-progression.ts';
export * from './contracts/house-prices.ts';
export * from './contracts/tumour-screening.ts';
export * from './endpoint.ts';
export * from './errors.ts';
export * from './execution-errors.ts';
export * from './executions.ts';
export * from './groups.ts';
export * from './inference.ts';
export * from './log.ts';
export * from './objects.ts';
export * from './payload.ts';
export * from './pipelines.ts';
export * from './records.ts';
export * from './stage.ts';
