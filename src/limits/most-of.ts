/**
 * The largest value that a limit's number may have on a desk. Positions bought for cash are never worth more
 * than the account.
 */
import type { Instrument } from '../domain/instrument.js';
import { isOwned } from '../domain/value.js';
import type { LimitSetting } from './limit.js';

export function mostOf(
  { max, maxForCash = max }: Pick<LimitSetting, 'max' | 'maxForCash'>,
  instruments: readonly Pick<Instrument, 'kind'>[],
): number {
  return instruments.some(isOwned) ? maxForCash : max;
}
