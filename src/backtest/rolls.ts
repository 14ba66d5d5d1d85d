/** Rolls of futures in a backtest: when a recording changes over to the next contract, by the desk file's rule. */
import type { Desk } from '../desk/schema.js';
import { dayOfText, MINUTE_MS } from '../domain/civil-date.js';
import { counted, someOf } from '../domain/figure-text.js';
import type { InstrumentId } from '../domain/instrument.js';
import { iso } from '../domain/moment.js';
import {
  CONTRACT_ZONE,
  type ContractTerms,
  contractTerms,
  fixedTerms,
  monthInForceAt,
} from '../domain/sessions/contract-months.js';
import {
  type ContractMonth,
  type ContractSeries,
  monthAfter,
  rolledSeries,
  seriesOf,
} from '../domain/sessions/contract-series.js';
import type { SessionCalendar } from '../domain/sessions/session-calendar.js';
import { zoneOffset } from '../domain/zone-offset.js';
import type { EngineConfig } from '../engine/config.js';
import { buildCalendars } from '../trader/engine-config.js';
import type { DataProblem } from './measure/data-problems.js';

/** A future that stands for its next month from `atMs` on: the first price then is of that. */
export interface TimedRoll {
  readonly atMs: number;
  /** Before the last close before then nothing is held or entered any more. */
  readonly flatMs: number;
  readonly instrument: InstrumentId;
  readonly symbol: string;
  readonly from: ContractMonth;
  readonly to: ContractMonth;
}

/** Of recordings that go over rolls. */
export interface RunRolls {
  readonly contracts: NonNullable<EngineConfig['contracts']>;
  /** By time. */
  readonly rolls: readonly TimedRoll[];
}

/** The whole minute before a close in which a position is left: an order has to arrive before it. */
export const LEFT_BEFORE_MS = MINUTE_MS;
const NEW_YORK = zoneOffset(CONTRACT_ZONE);

/** What the recording goes over of instruments with a roll rule. Null: it goes over no roll. */
export function rollsWithin(desk: Desk, fromMs: number, toMs: number): RunRolls | null {
  const calendars = buildCalendars(desk);
  const rolls: TimedRoll[] = [];
  const contracts = desk.instruments.map(({ symbol, roll }, instrument) => {
    if (roll === undefined) return null;
    const series = rolledSeries(symbol);
    const its: ContractTerms[] = [];
    for (let month = monthInForceAt(series, fromMs, roll, NEW_YORK); ; month = monthAfter(series, month)) {
      const terms = contractTerms(series, month, roll, NEW_YORK);
      const { rollMs: atMs, next } = terms;
      const flatMs = leftAtMs(calendars[instrument] as SessionCalendar, atMs);
      its.push({ ...terms, rollMs: flatMs, flatMs });
      // The recording may have changed over since the session of the roll opened.
      if (flatMs > toMs || next === null) break;
      rolls.push({ atMs, flatMs, instrument, symbol, from: month, to: next });
    }
    const [traded, ...following] = its as [ContractTerms, ...ContractTerms[]];
    return following.length === 0 ? null : { symbol, month: traded.month, traded, following };
  });
  return rolls.length === 0
    ? null
    : { contracts, rolls: rolls.sort((one, other) => one.flatMs - other.flatMs) };
}

/**
 * Before the last close before the roll day's session: wherever in that session the recording changes over to the next
 * contract, nothing is held then.
 */
function leftAtMs(calendar: SessionCalendar, rollMs: number): number {
  const phase = calendar.phaseAt(rollMs - 1);
  const { fromMs } = phase.open && Number.isFinite(phase.fromMs) ? calendar.phaseAt(phase.fromMs - 1) : phase;
  return (Number.isFinite(fromMs) ? fromMs : rollMs) - LEFT_BEFORE_MS;
}

/** Futures whose prices can't all be of one contract, and whose roll the desk file does not say. */
export function notRolled({ instruments }: Desk, fromMs: number, toMs: number): readonly DataProblem[] {
  return instruments.flatMap(({ symbol, kind, roll, contractMonth: month, lastTradeDay }) => {
    const series = seriesOf(symbol);
    const lastDay = lastTradeDay === undefined ? null : dayOfText(lastTradeDay);
    if (kind !== 'future' || roll !== undefined || (series === null && lastDay === null)) return [];
    const of = (text: string): DataProblem => ({ kind: 'over-roll', symbol, text: `${symbol}: ${text}` });
    if (month !== undefined) {
      const rule = lastDay === null ? { series: series as ContractSeries } : { lastDay };
      const { lastTradeMs, lastTrade } = fixedTerms(month, NEW_YORK, rule);
      if (fromMs >= lastTradeMs || toMs <= lastTradeMs) return [];
      return of(
        `${month} (contractMonth) is traded for the last time on ${lastTrade}, and the recording goes on to ${iso(toMs)}: later prices are of another contract. ` +
          'End it there (--to), or write roll instead of contractMonth in the desk file',
      );
    }
    if (series === null) return [];
    const days: string[] = [];
    const rule = 'monday-before-expiry';
    for (let at = monthInForceAt(series, fromMs, rule, NEW_YORK); ; at = monthAfter(series, at)) {
      const { rollMs, rollDay } = contractTerms(series, at, rule, NEW_YORK);
      if (rollMs > toMs) break;
      days.push(`${rollDay}`);
    }
    return days.length === 0
      ? []
      : of(
          `the recording goes over ${counted(days.length, 'roll')} (about ${someOf(days, 3)}). Where it changes over to the next contract, its price jumps: whoever holds a position then gains or loses what the contracts differ by, and strategies see a move. ` +
            'Write roll in the desk file as the recording was joined (monday-before-expiry, or { daysBefore: N })',
        );
  });
}

/** Something was held into the session of a roll. */
export function heldOverRoll({ symbol, from, to, atMs }: TimedRoll): DataProblem {
  const text =
    `${symbol}: a position was held into the session of its roll from ${from} to ${to} (${iso(atMs)}), so what the contracts differ by is in its result; ` +
    'it is rolled once nothing is held';
  return { kind: 'over-roll', symbol, text };
}
