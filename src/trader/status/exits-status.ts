/** The current exits of an open trade, in decimal text and in a few words each. */
import type { ExitsStatus } from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import { grouped } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import { shortMoment } from '../../domain/moment.js';
import { percentOfPpm } from '../../domain/money.js';
import type { ExitsView } from '../../engine/view.js';

export function exitsStatus(exits: ExitsView, { tickSize }: Pick<Instrument, 'tickSize'>): ExitsStatus {
  const { plan, reached, rests, movedBy, atBreakEven, timeExitMs } = exits;
  const price = (ticks: number): string => formatDecimal(ticks, tickSize);
  const targets = (plan.targets ?? []).map(({ ticks, closedPpm }, at, all) => ({
    price: price(ticks),
    pct: Number(percentOfPpm(closedPpm - (all[at - 1]?.closedPpm ?? 0)).toFixed(1)),
    reached: at < reached,
    ...(rests && at === reached ? { rests: true as const } : {}),
  }));
  const { trailTicks, breakEvenAtTicks, beforeCloseMs } = plan;
  const shown: Omit<ExitsStatus, 'words'> = {
    targets,
    trailBy: trailTicks === undefined ? null : price(trailTicks),
    breakEven: breakEvenAtTicks === undefined ? null : { price: price(breakEvenAtTicks), done: atBreakEven },
    timeExitMs,
    ...(beforeCloseMs === undefined ? {} : { beforeCloseSeconds: beforeCloseMs / 1000 }),
    stopMovedBy: movedBy,
  };
  return { ...shown, words: exitWords(shown) };
}

function exitWords(exits: Omit<ExitsStatus, 'words'>): string[] {
  const { targets, trailBy, breakEven, timeExitMs, beforeCloseSeconds, stopMovedBy } = exits;
  const words = targets.map(({ price, pct, reached, rests }) => {
    const part = pct === 100 ? '' : ` (${pct} %)`;
    return `target ${grouped(price)}${part}${reached ? ' reached' : rests ? ' at the venue' : ''}`;
  });
  if (targets.some(({ reached }) => !reached) && !targets.some(({ rests }) => rests))
    words.push('held by the desk, which closes at the market there');
  if (breakEven !== null)
    words.push(breakEven.done ? 'break-even done' : `break-even at ${grouped(breakEven.price)}`);
  if (trailBy !== null)
    words.push(`trails by ${grouped(trailBy)}${stopMovedBy === null ? ', not moved yet' : ''}`);
  if (stopMovedBy === 'adjustedStop') words.push('stop moved by its strategy');
  if (timeExitMs !== null) words.push(`time exit ${shortMoment(timeExitMs)} UTC`);
  if (beforeCloseSeconds !== undefined) words.push(`closed ${beforeCloseSeconds} s before its session ends`);
  return words;
}
