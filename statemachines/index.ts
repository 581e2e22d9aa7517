// Every pipeline of the project.
import { diabetesProgression } from './diabetes-progression.ts';
import { housePrices } from './house-prices.ts';
import { photoThemes } from './photo-themes.ts';
import type { Pipeline } from './pipeline.ts';
import { regionalPrices } from './regional-prices.ts';
import { tumourScreening } from './tumour-screening.ts';

export const PIPELINE_DEFINITIONS: readonly Pipeline[] = [
  housePrices,
  diabetesProgression,
  tumourScreening,
  photoThemes,
  regionalPrices,
];
