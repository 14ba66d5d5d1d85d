/**
 * What the status says of instruments: the contract that each future stands for, and the exits of an open
 * trade.
 */

import type { ContractStatus, ExitsStatus } from '../../contracts/trader-status.js';
import { DAY_MS, dayOfText, MINUTE_MS, minuteOfDay } from '../../domain/civil-date.js';
import { formatDecimal } from '../../domain/decimal.js';
import { grouped } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import { shortMoment } from '../../domain/moment.js';
import { percentOfPpm } from '../../domain/money.js';
import { daysUntil, openChoices } from '../../domain/sessions/contract-months.js';
import type { VenueContract } from '../../domain/venue.js';
import type { ContractView, ExitsView } from '../../engine/view.js';

interface ContractsKnown {
  readonly instruments: readonly Instrument[];
  readonly rolled: readonly ContractView[];
  readonly atVenue: readonly VenueContract[];
  readonly marketMs: number;
}

export function contractsStatus({
  instruments,
  rolled,
  atVenue,
  marketMs,
}: ContractsKnown): ContractStatus[] {
  return instruments
    .filter(({ kind }) => kind === 'future')
    .flatMap((instrument) => {
      const { id, symbol } = instrument;
      const ruled = rolled.find((one) => one.symbol === symbol);
      const told = atVenue.find((one) => one.instrument === id);
      if (ruled === undefined && told === undefined && instrument.contractMonth === undefined) return [];
      const lastTradeDay = ruled?.traded.lastTradeDay ?? told?.traded.lastTradeDay ?? null;
      const lastTradeMs = ruled?.traded.lastTradeMs ?? endOf(lastTradeDay);
      return [
        {
          symbol,
          month: ruled?.month ?? instrument.contractMonth ?? null,
          lastTradeDay,
          daysLeft: lastTradeMs === null ? null : daysUntil(marketMs, lastTradeMs),
          noticeDay: ruled?.traded.noticeDay ?? null,
          rollDay: ruled?.traded.rollDay ?? null,
          phase: ruled?.phase ?? (lastTradeMs !== null && marketMs >= lastTradeMs ? 'ended' : 'trading'),
          leftBeforeEnd: ruled !== undefined,
          next: ruled?.traded.next ?? told?.following?.month ?? null,
          choices: ruled === undefined ? [] : [...openChoices(ruled.traded, marketMs)],
          atVenue: told === undefined ? null : { traded: told.traded, following: told.following },
        },
      ];
    });
}

/** A broker names only the date: its market counts as trading until that day is over, in UTC. */
function endOf(lastTradeDay: string | null): number | null {
  const day = lastTradeDay === null ? null : dayOfText(lastTradeDay);
  return day === null ? null : day * DAY_MS + minuteOfDay('24:00') * MINUTE_MS;
}

/** The current exits of an open trade, in decimal text and in a few words each. */
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
