/** Builds the engine's configuration from the desk file. */
import { randomBytes } from 'node:crypto';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { buildInstrument, withConversions } from '../domain/build-instrument.js';
import { dayOfText, MINUTE_MS } from '../domain/civil-date.js';
import { type HoldingCost, holdingCost } from '../domain/holding-cost.js';
import type { Instrument } from '../domain/instrument.js';
import { parseUnits, type Units } from '../domain/money.js';
import type { VenueCapabilities } from '../domain/order-bounds.js';
import {
  CONTRACT_ZONE,
  contractTerms,
  fixedTerms,
  type MonthRule,
  monthInForceAt,
} from '../domain/sessions/contract-months.js';
import { type ContractMonth, rolledSeries, seriesOf } from '../domain/sessions/contract-series.js';
import { SessionCalendar } from '../domain/sessions/session-calendar.js';
import { tradingHours } from '../domain/sessions/trading-hours.js';
import { tradingDayStarts } from '../domain/trading-day.js';
import { zoneOffset } from '../domain/zone-offset.js';
import type { EngineConfig, InstrumentContract, InstrumentSessions } from '../engine/config.js';
import type { QuoteRules } from '../engine/quote-guard.js';
import { openingMsOf } from '../engine/timing.js';
import { definitionOf } from '../pack/strategy/own-definition.js';

/** The account that the desk trades. */
export interface TradedAccount {
  readonly account: string;
  /** The venue's own id of the account. */
  readonly accountId?: string;
  readonly real: boolean;
  /** Money units, unless the desk file decides it. Used only at the very first start. */
  readonly startingCash?: number | Units;
  /** Venue time of `startingCash`, at the very first start. */
  readonly historyBeginsMs?: number;
}

/**
 * In the order of the desk file; the index is the instrument's id. `months`: the month that each rolled symbol stands
 * for now.
 */
export function buildInstruments(
  desk: Desk,
  months: ReadonlyMap<string, ContractMonth> = new Map(),
): readonly Instrument[] {
  const { makerFeePpm, takerFeePpm, feeTiers, volumeSoFar } = desk.paper;
  const rates = { makerFeePpm, takerFeePpm, rateTiers: feeTiers, volumeSoFar };
  const built = desk.instruments.map((instrument, id) => {
    const contractMonth = instrument.contractMonth ?? months.get(instrument.symbol);
    return buildInstrument(id, { ...instrument, contractMonth, ...rates, serverTime: desk.venue.serverTime });
  });
  return withConversions(built, desk.paper.currency);
}

/** The months of rolled symbols, as a running trader reports them. */
export const monthsTold = ({
  contracts = [],
}: Pick<TraderStatus, 'contracts'>): ReadonlyMap<string, ContractMonth> =>
  new Map(
    contracts.flatMap(({ symbol, month, choices }) =>
      month === null || choices.length === 0 ? [] : [[symbol, month]],
    ),
  );

/** Null: the instrument has no month, or an unknown last day, and is held until a person closes it. */
function buildContracts(
  desk: Desk,
  instruments: readonly Instrument[],
  nowMs: number | undefined,
): readonly (InstrumentContract | null)[] {
  return desk.instruments.map(({ symbol, roll, lastTradeDay }, id) => {
    const month = instruments[id]?.contractMonth;
    if (month === undefined) return null;
    const offset = zoneOffset(CONTRACT_ZONE);
    if (roll === undefined) {
      const rule = monthRule(symbol, lastTradeDay);
      // Recorded prices belong to no contract, and may be older or newer than this one.
      if (nowMs === undefined || rule === null) return null;
      return { symbol, month, traded: fixedTerms(month, offset, rule) };
    }
    const series = rolledSeries(symbol);
    const nearest = nowMs === undefined ? month : monthInForceAt(series, nowMs, roll, offset);
    return { symbol, month, traded: contractTerms(series, month, roll, offset, nearest) };
  });
}

function monthRule(symbol: string, lastTradeDay: string | undefined): MonthRule | null {
  const lastDay = lastTradeDay === undefined ? null : dayOfText(lastTradeDay);
  if (lastDay !== null) return { lastDay };
  const series = seriesOf(symbol);
  return series === null ? null : { series };
}

function buildSessions(desk: Desk): readonly InstrumentSessions[] {
  return buildCalendars(desk).map((calendar, id) => {
    const {
      noEntriesBeforeCloseMinutes: noEntries = 0,
      flatByCloseMinutes: flatBy,
      cancelEntriesAtClose = false,
    } = desk.instruments[id]?.sessions ?? {};
    return {
      calendar,
      noEntriesBeforeCloseMs: noEntries * MINUTE_MS,
      ...(flatBy === undefined ? {} : { flatBeforeCloseMs: flatBy * MINUTE_MS }),
      cancelsEntries: cancelEntriesAtClose,
    };
  });
}

/** Trading hours of each instrument, in the same order. */
export function buildCalendars(desk: Pick<Desk, 'instruments'>): readonly SessionCalendar[] {
  return desk.instruments.map(({ sessions }) => {
    const hours = tradingHours(sessions);
    return new SessionCalendar(hours, zoneOffset(hours.zone));
  });
}

/** Milliseconds between two market times in which the market of a symbol is open. */
type OpenMs = (symbol: string, fromMs: number, toMs: number) => number;

export function openTimes(desk: Pick<Desk, 'instruments'>): OpenMs {
  const calendars = buildCalendars(desk);
  return (symbol, fromMs, toMs) =>
    calendars[desk.instruments.findIndex((one) => one.symbol === symbol)]?.openMs(fromMs, toMs) ?? 0;
}

/**
 * The engine's rule by the market's own time: whether silence of the prices means that they are late. A market must
 * be open, and must have been for a while.
 */
export function isPriceDue(
  desk: Pick<Desk, 'instruments' | 'risk'>,
  { marketMs, speed }: Pick<TraderStatus['marketData'], 'marketMs' | 'speed'>,
): boolean {
  const openingMs = openingMsOf(desk.risk) * (speed ?? 1);
  return buildCalendars(desk).some((calendar) => {
    const { open, fromMs } = calendar.phaseAt(marketMs);
    return open && marketMs - fromMs > openingMs;
  });
}

/** What holding each instrument costs on a paper account, in the same order. */
export function buildHoldingCosts(desk: Pick<Desk, 'instruments'>): readonly (HoldingCost | null)[] {
  return desk.instruments.map((instrument) => holdingCost(instrument, zoneOffset));
}

function feeAssets(desk: Desk): Readonly<Record<string, number>> {
  const places = desk.instruments.map(({ symbol }) => symbol);
  return Object.fromEntries(
    Object.entries(desk.venue.feeAssets ?? {}).map(([asset, symbol]) => [asset, places.indexOf(symbol)]),
  );
}

function quoteRules({ prices }: Desk): QuoteRules {
  const { standsSeconds, ...rules } = prices.implausible;
  return { ...rules, standsMs: standsSeconds * 1000 };
}

export function engineConfig(
  desk: Desk,
  configHash: string,
  incarnation: string,
  instruments: readonly Instrument[],
  capabilities: VenueCapabilities,
  money: TradedAccount | null = null,
  /**
   * UTC, if prices are those of real contracts. Decides the earliest month that can be entered. Left out: the
   * instrument's own.
   */
  nowMs?: number,
): EngineConfig {
  const offset = zoneOffset(desk.timezone);
  const { closeAll, risk } = desk;
  const contracts = buildContracts(desk, instruments, nowMs);
  return {
    desk: desk.desk,
    configHash,
    incarnation,
    instruments,
    strategies: desk.strategies.map(({ own, ...strategy }) =>
      own === undefined ? strategy : { ...strategy, own: definitionOf(own) },
    ),
    risk,
    tracker: {
      maxConsecutiveLosses: desk.breakers.strategyMaxConsecutiveLosses,
      reEnableCheckMs: desk.breakers.strategyReEnableCheckHours * 3_600_000,
    },
    resume: desk.resume,
    closeAll: {
      deadlineMs: closeAll.deadlineSeconds * 1000,
      answerTimeoutMs: closeAll.answerTimeoutMs,
    },
    quotes: quoteRules(desk),
    stopOverrunMs: risk.stopOverrunSeconds * 1000,
    heartbeatLost: {
      operations: desk.deadMan.action,
      supervisor: desk.supervisor.lostAction,
    },
    dayStartMs: tradingDayStarts(desk.dayBoundary, offset),
    ...(desk.instruments.some(({ sessions }) => sessions !== undefined)
      ? { sessions: buildSessions(desk) }
      : {}),
    ...(contracts.every((contract) => contract === null) ? {} : { contracts }),
    capabilities,
    startingCash: money?.startingCash ?? parseUnits(desk.paper.balance),
    ...(money === null
      ? {}
      : { account: money.account, goLiveRequired: money.real, coinsNeedOwner: money.real }),
    ...(money?.accountId === undefined ? {} : { accountId: money.accountId }),
    feeAssets: feeAssets(desk),
    ...(money?.historyBeginsMs === undefined ? {} : { historyBeginsMs: money.historyBeginsMs }),
    simulated: capabilities.simulated,
    drawHaltId: () => randomBytes(16).toString('hex'),
  };
}
