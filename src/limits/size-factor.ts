/**
 * The size factor: the part of the full size (desk file, approved settings and permission) that is used now. Integers only, since it is recorded.
 */
import { mulDiv, ppmOfPercent } from '../domain/money.js';

/** Parts per million; 1,000,000 is the full size. */
export const FULL_SIZE_PPM = 1_000_000;
export const SMALLEST_SIZE_PPM = 10_000;

const MILLION = 1_000_000;

/** Most that one position may be worth, in money units. 0: there is no equity. */
export function largestPosition(equity: number, maxPositionSizePct: number, sizeFactorPpm: number): number {
  if (!(equity > 0)) return 0;
  return mulDiv(mulDiv(equity, ppmOfPercent(maxPositionSizePct), MILLION), sizeFactorPpm, MILLION);
}

/** What the size in use leaves of a percentage, without the noise of floating point. */
export const percentInUse = (percent: number, sizeFactorPpm: number): number =>
  Number(((percent * sizeFactorPpm) / FULL_SIZE_PPM).toPrecision(6));

export function isSizeFactor(ppm: number): boolean {
  return Number.isSafeInteger(ppm) && ppm >= SMALLEST_SIZE_PPM && ppm <= FULL_SIZE_PPM;
}
