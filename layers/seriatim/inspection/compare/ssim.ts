// Structural similarity of two images of one size: the mean over windows of 8 × 8, four pixels apart, of Wang et al.,
// "Image quality assessment: from error visibility to structural similarity" (2004), with its constants.
import type { Luminance } from './pixels.ts';

const WINDOW = 8;
const STEP = 4;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

/** -1 to 1, 1 for equal images; `null` when the sizes differ. */
export function structuralSimilarity(a: Luminance, b: Luminance): number | null {
  if (a.width !== b.width || a.height !== b.height || a.width * a.height === 0) return null;
  const [width, height] = [Math.min(WINDOW, a.width), Math.min(WINDOW, a.height)];
  let [sum, windows] = [0, 0];
  for (let top = 0; top + height <= a.height; top += STEP) {
    for (let left = 0; left + width <= a.width; left += STEP) {
      sum += windowSimilarity(a, b, { top, left, width, height });
      windows += 1;
    }
  }
  return sum / windows;
}

interface Window {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

function windowSimilarity(a: Luminance, b: Luminance, { top, left, width, height }: Window): number {
  let [sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0];
  for (let row = top; row < top + height; row += 1) {
    for (let at = row * a.width + left; at < row * a.width + left + width; at += 1) {
      const [x, y] = [a.values[at]!, b.values[at]!];
      sumA += x;
      sumB += y;
      squareA += x * x;
      squareB += y * y;
      product += x * y;
    }
  }
  const count = width * height;
  const [meanA, meanB] = [sumA / count, sumB / count];
  const [varianceA, varianceB] = [squareA / count - meanA ** 2, squareB / count - meanB ** 2];
  const covariance = product / count - meanA * meanB;
  const luminance = (2 * meanA * meanB + C1) / (meanA ** 2 + meanB ** 2 + C1);
  return luminance * ((2 * covariance + C2) / (varianceA + varianceB + C2));
}
