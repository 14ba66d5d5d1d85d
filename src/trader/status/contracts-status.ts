/** Which contract each future stands for, from the calendar's rule and from the broker. */
import type { ContractStatus } from '../../contracts/trader-status.js';
import { DAY_MS, dayOfText, MINUTE_MS, minuteOfDay } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { daysUntil, openChoices } from '../../domain/sessions/contract-months.js';
import type { VenueContract } from '../../domain/venue.js';
import type { ContractView } from '../../engine/view.js';

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
