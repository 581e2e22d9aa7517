// From a house to the two inputs of the feature model, in the order in which it was trained, and the city that chooses
// the price model. Pure.
import type { House, PreprocessedHouse } from '../../layers/seriatim/index.ts';

export function preprocessHouse(house: House): PreprocessedHouse {
  const { city, yearBuilt, squareFeet, bedrooms, bathrooms, lotAcres, garageSpaces } = house;
  return {
    city,
    features: {
      numeric: [yearBuilt, squareFeet, bedrooms, bathrooms, lotAcres, garageSpaces],
      categorical: [house.frontPorch ? 'y' : 'n', house.deck ? 'y' : 'n'],
    },
  };
}
