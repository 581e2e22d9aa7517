// Every pipeline of the project.
import { housePrices } from './house-prices.ts';
import type { Pipeline } from './pipeline.ts';

export const PIPELINE_DEFINITIONS: readonly Pipeline[] = [housePrices];
