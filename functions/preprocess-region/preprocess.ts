// From a house to the inputs of the city's endpoint, and the numbers that the segment's model takes later. Pure.
import type { PreprocessedHouse, RegionalHouse } from '../../layers/seriatim/index.ts';

export function preprocessRegion(
  house: RegionalHouse,
): PreprocessedHouse & { readonly segment: string; readonly house: readonly number[] } {
  const { city, segment, yearBuilt, squareFeet, bedrooms, bathrooms, lotAcres, garageSpaces } = house;
  const numeric = [yearBuilt, squareFeet, bedrooms, bathrooms, lotAcres, garageSpaces];
  const categorical = [house.frontPorch ? 'y' : 'n', house.deck ? 'y' : 'n'] as const;
  return { city, segment, house: numeric, features: { numeric, categorical } };
}
