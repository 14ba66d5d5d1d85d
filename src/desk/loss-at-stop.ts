import { counted } from '../domain/figure-text.js';
import { isOwned } from '../domain/value.js';
import type { Desk, DeskStrategy } from './schema.js';

/** The first live period is small, whatever the desk file would allow later. */
const START_POSITION_PCT_MAX = 3;
const START_POSITIONS_MAX = 3;
/**
 * The value of contracts on margin says little about the risk. Their loss at the farthest stop does, and this
 * bounds it, in percent of equity.
 */
const START_LOSS_PCT_MAX = 1;

export type JudgedDesk = Pick<Desk, 'goLive' | 'risk' | 'strategies' | 'instruments'>;

interface JudgedStart {
  readonly isSmall: boolean;
  readonly observed: string;
  readonly expected: string;
}

/** Whether `goLive.start` is as small as a go-live requires. */
export function judgedStart({ goLive, risk, strategies, instruments }: JudgedDesk): JudgedStart {
  const { maxPositionSizePct, maxConcurrentPositions } = goLive.start;
  const isOnMargin = !instruments.some(isOwned);
  const lossPct = Math.max(
    ...strategies.map(({ size }) => lossAtStopPct({ ...risk, maxPositionSizePct }, size, instruments)),
  );
  const [had, most] = isOnMargin
    ? [`${Number(lossPct.toFixed(2))} % lost at the stop of a position`, `${START_LOSS_PCT_MAX} %`]
    : [`${maxPositionSizePct} % a position`, `${START_POSITION_PCT_MAX} % a position`];
  const isSmall = isOnMargin ? lossPct <= START_LOSS_PCT_MAX : maxPositionSizePct <= START_POSITION_PCT_MAX;
  return {
    isSmall: isSmall && maxConcurrentPositions <= START_POSITIONS_MAX,
    observed: `${had}, ${counted(maxConcurrentPositions, 'position')}`,
    expected: `at most ${most}, ${START_POSITIONS_MAX} positions`,
  };
}

/** Told before people are asked: the start itself goes by it as well. */
export function largeStart(desk: Desk): readonly string[] {
  if (desk.mode !== 'live') return [];
  const { isSmall, observed, expected } = judgedStart(desk);
  return isSmall ? [] : [`goLive.start: ${observed}; a go-live requires ${expected}`];
}

/** Percent of equity that a strategy's largest entry loses at the farthest stop, without slippage and fees. */
export function lossAtStopPct(
  { maxPositionSizePct, stopLossPct }: Pick<Desk['risk'], 'maxPositionSizePct' | 'stopLossPct'>,
  size: DeskStrategy['size'],
  instruments: readonly Pick<Desk['instruments'][number], 'kind'>[],
): number {
  const { riskPct = Number.POSITIVE_INFINITY, equityPct = Number.POSITIVE_INFINITY } = size ?? {};
  const lossPct = (Math.min(equityPct, maxPositionSizePct) * stopLossPct) / 100;
  // At a price 5 % lower, the same sum is 5.26 % more coins: that is what a long inverse contract loses.
  const grows = instruments.some(({ kind }) => kind === 'inverse') ? 1 - stopLossPct / 100 : 1;
  return Math.min(riskPct, lossPct / grows);
}
