/** Derives incidents from the trader's status. The same occurrence always gives the same key. */
import { lossesOf } from '../../activities/engine/read-incident-facts.js';
import type { Symptom } from '../../contracts/incident-activities.js';
import type { StrategyStatus, TraderStatus } from '../../contracts/trader-status.js';
import { ownIncidents, titleOfOwn } from '../../desk/own-incidents.js';
import type { Desk } from '../../desk/schema.js';
import { isLosing } from '../../domain/losing-strategy.js';
import type { Halt, HaltCause } from '../../domain/mode.js';
import type { RejectedOrder } from '../../store/rejected-orders.js';

const SOURCE = 'trader';

export function symptomsOf(desk: Desk, status: TraderStatus): readonly Symptom[] {
  return [
    ...status.halts.flatMap((halt) => haltSymptoms(desk, halt, status)),
    ...breakerSymptoms(status),
    ...lossSymptoms(desk, status),
    ...strategySymptoms(desk, status),
  ];
}

/**
 * Causes of a halt that open no incident: a person's own, an orderly start or end, and those whose own incident reports
 * them.
 */
const NO_INCIDENT: ReadonlySet<HaltCause> = new Set<HaltCause>([
  'startup',
  'shutdown',
  'person',
  'kill',
  'recording-ended',
  'daily-loss',
  'drawdown',
]);

function haltSymptoms(desk: Desk, { cause, haltId, reason }: Halt, status: TraderStatus): Symptom[] {
  const own = ownSymptoms(desk, { cause, haltId, reason });
  const isExchange = cause === 'venue' || (cause === 'stale-data' && status.marketData.kind === 'live');
  // The shipped incident takes care of stops and positions, so it opens in addition to the desk's own.
  if (isExchange) return [...own, exchangeDown(`halt:${haltId}`, reason)];
  if (NO_INCIDENT.has(cause) || own.length > 0) return own;
  return [
    {
      kind: 'trading-halted',
      subject: cause,
      key: `halt:${haltId}`,
      source: SOURCE,
      title: `Trading halted: ${cause}`,
      detail: reason,
    },
  ];
}

/** Symptoms of the desk's own kinds that this cause opens. */
function ownSymptoms(
  desk: Desk,
  { cause, haltId, reason }: Pick<Halt, 'cause' | 'haltId' | 'reason'>,
): Symptom[] {
  return [...ownIncidents(desk)]
    .filter(([, { trigger }]) => trigger.halt.some((one) => one === cause))
    .map(([kind, own]) => ({
      kind,
      subject: '',
      key: `halt:${haltId}`,
      source: SOURCE,
      title: titleOfOwn(kind, own),
      detail: reason,
    }));
}

/** The symptom of the desk's own kind that a rejected order opens; null if it has none. */
export function rejectionSymptom(desk: Desk): ((order: RejectedOrder) => Symptom) | null {
  const found = [...ownIncidents(desk)].find(([, { trigger }]) => trigger.order === 'rejected');
  if (found === undefined) return null;
  const [kind, own] = found;
  return ({ clientId, what, reason }) => ({
    kind,
    subject: '',
    key: `order:${clientId}`,
    source: 'orders',
    title: titleOfOwn(kind, own),
    detail: `${what} (${clientId}): ${reason || 'the venue gave no reason'}`,
  });
}

function breakerSymptoms({ venueBreaker }: TraderStatus): Symptom[] {
  if (venueBreaker.state === 'closed') return [];
  return [
    exchangeDown(
      `breaker:${venueBreaker.sinceWallMs}`,
      `API breaker ${venueBreaker.state}: ${venueBreaker.detail}`,
    ),
  ];
}

function exchangeDown(key: string, detail: string): Symptom {
  return {
    kind: 'exchange-down',
    subject: '',
    key,
    source: SOURCE,
    title: 'The exchange does not answer',
    detail,
  };
}

/** At a loss limit, or near one. Once a day for the daily limit, and once per drawdown. */
function lossSymptoms(desk: Desk, status: TraderStatus): Symptom[] {
  const { nearLimitPct } = desk.incidents.kinds['large-drawdown'];
  const halted = status.halts.filter(({ cause }) => cause === 'daily-loss' || cause === 'drawdown');
  const keys = [
    ...halted.map(({ haltId, reason }) => ({ key: `halt:${haltId}`, detail: reason })),
    ...lossesOf(status)
      .filter(({ usedPct }) => usedPct >= nearLimitPct && halted.length === 0)
      .map(({ limit, usedPct }) => ({
        key: `near:${limit}:${status.dayStartEquity}`,
        detail: `${limit} is at ${usedPct.toFixed(0)} % of its limit; equity ${status.equity}, ${status.drawdownPct} % below its peak`,
      })),
  ];
  return keys.map(({ key, detail }) => ({
    kind: 'large-drawdown',
    subject: '',
    key,
    source: SOURCE,
    title: 'Large drawdown',
    detail,
  }));
}

function strategySymptoms(desk: Desk, { strategies, incarnation }: TraderStatus): Symptom[] {
  const bounds = desk.incidents.kinds['strategy-underperforming'];
  const byName = new Map<string, StrategyStatus[]>();
  for (const slot of strategies) byName.set(slot.name, [...(byName.get(slot.name) ?? []), slot]);
  return [...byName].flatMap(([name, slots]): Symptom[] => {
    const off = slots[0]?.off ?? null;
    const total = {
      trades: slots.reduce((sum, { trades }) => sum + trades, 0),
      wins: slots.reduce((sum, { wins }) => sum + wins, 0),
      realised: slots.reduce((sum, { realised }) => sum + Number(realised), 0),
    };
    const symptom = { kind: 'strategy-underperforming', subject: name, source: SOURCE } as const;
    if (off?.automatic) {
      const title = `${name} was switched off by itself`;
      // A review that leaves it off gets a new time and is not news, so the key uses the number of trades, which
      // doesn't change while it is off. Each journal counts its own.
      return [{ ...symptom, title, key: `off:${incarnation}:${total.trades}`, detail: off.reason }];
    }
    if (off !== null || slots.every(({ enabled }) => !enabled) || !isLosing(total, bounds)) return [];
    const detail = `${total.trades} trades, ${total.wins} won, result ${total.realised.toFixed(2)}`;
    const round = Math.floor(total.trades / bounds.losingTrades);
    return [{ ...symptom, title: `${name} keeps losing`, key: `losing:${round}`, detail }];
  });
}
