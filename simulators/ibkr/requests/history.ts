/** Historical bars (20, 25), including those that are kept up to date (90). */
import { DateTime } from 'luxon';
import { findOne } from '../contracts.js';
import { type Session as Hours, sessionsBetween } from '../hours.js';
import { type Bar, joined, type Market, MINUTE_MS } from '../market.js';
import { type Refused, refused } from '../refusal.js';
import type { Session } from '../session.js';
import type { ValuesOf } from '../wire/fields.js';
import { CANCEL_HISTORICAL_DATA, REQ_HISTORICAL_DATA } from '../wire/from-client.js';
import { HISTORICAL_DATA, HISTORICAL_DATA_UPDATE } from '../wire/to-client.js';
import { on } from './handler.js';
import { barFigures, type Shown, shownOf } from './market-data.js';
import { timeOf } from './times.js';

type Asked = ValuesOf<typeof REQ_HISTORICAL_DATA.fields>;

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Bar sizes that are built; sizes below a minute, weeks and months are not. */
const BAR_SIZES: ReadonlyMap<string, number> = new Map([
  ...[1, 2, 3, 5, 10, 15, 20, 30].map((n) => [`${n} min${n === 1 ? '' : 's'}`, n * MINUTE_MS] as const),
  ...[1, 2, 3, 4, 8].map((n) => [`${n} hour${n === 1 ? '' : 's'}`, n * HOUR_MS] as const),
  ['1 day', DAY_MS],
]);

export interface KeptBars {
  readonly market: Market;
  readonly shown: Shown;
  readonly barMs: number;
  readonly liquid: boolean;
  readonly seconds: boolean;
}

const BAD_END = {
  code: 10314,
  text: 'End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  Note that there is a space between the date and time, and between the time and time-zone.  If no date is specified, current date is assumed. If no time-zone is specified, local time-zone is assumed(deprecated).  You can also provide yyyymmddd-hh:mm:ss time is in UTC. Note that there is a dash between the date and time in UTC notation.',
};
const END_OF_CONTINUOUS = {
  code: 10339,
  text: 'Setting end date/time for continuous future security type is not allowed.',
};
const service = (text: string): Refused => ({
  code: 162,
  text: `Historical Market Data Service error message:${text}`,
});

export const HISTORY_HANDLERS = [
  on(REQ_HISTORICAL_DATA, (session, asked) => {
    const refusal = answer(session, asked);
    if (refusal !== null) session.error(asked.reqId, refusal);
  }),
  on(CANCEL_HISTORICAL_DATA, (session, { reqId }) => {
    session.error(
      reqId,
      session.subscriptions.bars.delete(reqId ?? 0)
        ? service(`API historical data query cancelled: ${reqId}`)
        : { code: 366, text: `No historical data query found for ticker id:${reqId}` },
    );
  }),
];

function answer(session: Session, asked: Asked): Refused | null {
  const { simulation, subscriptions } = session;
  const { reqId } = asked;
  if (reqId === null) return refused.reading('reqId is missing');
  if (subscriptions.bars.has(reqId)) return refused.processing('Duplicate ticker id');
  const kept = series(session, asked);
  if ('code' in kept) return kept;
  const endMs = asked.endDateTime === '' ? simulation.nowMs() : timeOf(asked.endDateTime, simulation.zone);
  if (endMs === null) return BAD_END;
  const fromMs = startOf(asked.durationStr, endMs, kept);
  if (fromMs === null)
    return refused.validating(
      'Historical data query duration must be a whole number and one of the units S, D, W, M or Y',
    );
  if (!simulation.farms.history) return service('HMDS connection attempt failed');
  const bars = barsBetween(kept, fromMs, endMs);
  const { localSymbol, exchange } = kept.market.instrument;
  const words = { TRADES: 'Trades', MIDPOINT: 'Midpoint', BID: 'Bid', ASK: 'Ask' }[kept.shown];
  if (bars.length === 0) return service(`HMDS query returned no data: ${localSymbol}@${exchange} ${words}`);
  const inZone = (ms: number) =>
    `${DateTime.fromMillis(ms, { zone: simulation.zone }).toFormat('yyyyMMdd HH:mm:ss')} ${simulation.zone}`;
  session.send(HISTORICAL_DATA, {
    reqId,
    start: inZone(fromMs),
    end: inZone(endMs),
    bars: bars.map((bar) => ({
      date: dateOf(bar.fromMs, kept),
      ...barFigures(bar, kept.market, kept.shown),
    })),
  });
  if (asked.keepUpToDate) subscriptions.bars.set(reqId, kept);
  return null;
}

/** The bars to show, or why not. */
function series(session: Session, asked: Asked): KeptBars | Refused {
  const { simulation } = session;
  const barMs = BAR_SIZES.get(asked.barSizeSetting);
  if (barMs === undefined)
    return refused.validating(
      `Historical data bar size setting is invalid. Legal ones are: ${[...BAR_SIZES.keys()].join(', ')}`,
    );
  const shown = shownOf(asked.whatToShow);
  if (shown === undefined) return refused.validating(`Invalid whatToShow '${asked.whatToShow}'`);
  if (asked.formatDate !== 1 && asked.formatDate !== 2)
    return refused.validating(`Invalid date format ${asked.formatDate ?? ''}`);
  if (asked.keepUpToDate && asked.endDateTime !== '')
    return refused.validating('End date/time is not supported with keepUpToDate');
  if (asked.secType === 'CONTFUT' && asked.endDateTime !== '') return END_OF_CONTINUOUS;
  const result = findOne(simulation.instruments, asked, simulation.nowMs(), true);
  if (!('one' in result)) return refused.contract(result.code, result.cause);
  const market = simulation.markets.get(result.one.conId);
  if (market === undefined) return refused.contract(200, 'No market');
  return { market, shown, barMs, liquid: asked.useRth, seconds: asked.formatDate === 2 };
}

/** Days are trading days: one day is the current session, or the last one. */
function startOf(text: string, endMs: number, { market, liquid }: KeptBars): number | null {
  const match = /^(\d{1,5}) ([SDWMY])$/.exec(text);
  const count = Number(match?.[1]);
  if (match === null || count === 0) return null;
  const end = DateTime.fromMillis(endMs, { zone: 'UTC' });
  if (match[2] === 'S') return endMs - count * 1000;
  if (match[2] === 'W') return end.minus({ weeks: count }).toMillis();
  if (match[2] === 'M') return end.minus({ months: count }).toMillis();
  if (match[2] === 'Y') return end.minus({ years: count }).toMillis();
  const searched = endMs - (count * 2 + 7) * DAY_MS;
  const session = sessionsBetween(market.instrument.schedule, searched, endMs, liquid).at(-count);
  return session?.fromMs ?? searched;
}

function barsBetween(kept: KeptBars, fromMs: number, toMs: number): Bar[] {
  const { schedule } = kept.market.instrument;
  return sessionsBetween(schedule, fromMs, toMs, kept.liquid).flatMap((hours) => {
    const minutes = kept.market.minutes(Math.max(hours.fromMs, fromMs), Math.min(hours.toMs, toMs));
    return grouped(minutes, beginningsIn(hours, kept));
  });
}

/**
 * Bars begin at whole multiples of their size after midnight at the exchange; daily bars begin with their session.
 */
function beginningsIn(hours: Hours, { barMs, market }: KeptBars): (bar: Bar) => number {
  if (barMs === DAY_MS) return () => hours.fromMs;
  const { zone } = market.instrument.schedule;
  const midnight = DateTime.fromMillis(hours.fromMs, { zone }).startOf('day').toMillis();
  return ({ fromMs }) => midnight + Math.floor((fromMs - midnight) / barMs) * barMs;
}

function grouped(minutes: readonly Bar[], beginningOf: (bar: Bar) => number): Bar[] {
  const groups = new Map<number, Bar[]>();
  for (const bar of minutes) {
    const at = beginningOf(bar);
    const group = groups.get(at);
    if (group === undefined) groups.set(at, [bar]);
    else group.push(bar);
  }
  return [...groups].map(([at, bars]) => joined(at, bars));
}

/** A daily bar has the date of its session, which begins the evening before. */
function dateOf(fromMs: number, { market, barMs, seconds, liquid }: KeptBars): string {
  const { schedule } = market.instrument;
  if (barMs === DAY_MS) return sessionsBetween(schedule, fromMs, fromMs + 1, liquid)[0]?.day ?? '';
  if (seconds) return String(fromMs / 1000);
  const at = DateTime.fromMillis(fromMs, { zone: schedule.zone });
  return `${at.toFormat('yyyyMMdd HH:mm:ss')} ${schedule.zone}`;
}

/** The current bar, after a trade. */
export function sendUpdate(session: Session, reqId: number, kept: KeptBars): void {
  const nowMs = session.simulation.nowMs();
  const bar = barsBetween(kept, nowMs - kept.barMs, nowMs + 1).at(-1);
  if (bar === undefined) return;
  const figures = barFigures(bar, kept.market, kept.shown);
  session.send(HISTORICAL_DATA_UPDATE, { reqId, date: dateOf(bar.fromMs, kept), ...figures });
}
