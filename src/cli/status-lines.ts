/** `fermata status` for people: one small screen. */
import type { TraderStatus } from '../contracts/trader-status.js';
import { STOP_GAP_WORDS } from '../domain/exits.js';
import { counted, gainText, grouped, groupedWithin, signed } from '../domain/figure-text.js';
import { headlineLine } from '../domain/mode.js';
import { moment } from '../domain/moment.js';
import { capabilityLines } from '../domain/order-bounds.js';
import { reducedSize } from '../domain/position-size.js';
import { contractWords } from '../domain/sessions/contract-months.js';
import { CHANNEL_WORDS, type ShownChannel } from '../home/channel-health.js';
import { type Readiness, readyPct } from '../home/readiness.js';

const ORDERS_SHOWN_MAX = 20;
const ACTIVITY_SHOWN_MAX = 5;

/** The runbook that the desk follows, and how ready it was found. */
export interface ShownRunbook {
  readonly version: string;
  readonly updated: string;
  /** Null: what runs now has not been checked yet. */
  readonly readiness: Readiness | null;
}

export function statusLines(
  status: TraderStatus,
  alerts: readonly ShownChannel[] = [],
  runbook?: ShownRunbook,
): string[] {
  const { marketData, currency } = status;
  const size = reducedSize(status);
  return [
    `${status.desk} (${status.trading})  ${headlineLine(status)}`,
    `prices     ${marketData.label}${marketData.simulated ? ' (NOT LIVE)' : ''}, ${marketData.state}`,
    `equity     ${grouped(status.equity)} ${currency}  today ${signed(status.dayPnl)}  drawdown ${status.drawdownPct} %`,
    `fills      ${grouped(String(status.fills))}   positions ${status.openPositions}   orders ${status.openOrders}`,
    ...(status.contracts ?? []).map((contract) => `contract   ${contractWords(contract)}`),
    ...(size === null ? [] : [`size       ${size}`]),
    ...alerts.map(alertsLine),
    ...(runbook === undefined ? [] : [runbookLine(runbook)]),
    ...capabilityLines(status.capabilities ?? []).map((line) => `venue      ${line}`),
    ...section('positions', positionLines(status)),
    ...section('without a stop so far', stopGapLines(status)),
    ...section('quotes held back as implausible', heldBackLines(status)),
    ...section("coins that are not the desk's", coinsLines(status)),
    ...section('dust (too small to sell alone)', dustLines(status)),
    ...section('orders', orderLines(status)),
    ...section('entries that wait in the desk', waitingLines(status)),
    ...section(
      status.mode === 'ACTIVE' && status.positions.length > 0 ? 'waiting for' : 'not trading because',
      status.notTrading.map(notTradingLine),
    ),
    ...section(
      'last',
      status.activity.slice(0, ACTIVITY_SHOWN_MAX).map((line) => line.text),
    ),
    ...(status.reconciliation.state === 'clean' ? [] : [`reconciliation: ${status.reconciliation.state}`]),
  ];
}

function alertsLine({ channel, state, problem, why }: ShownChannel): string {
  if (problem !== null) return `alerts     ✗ ${problem}`;
  if (state === 'off') return `alerts     off: ${why}`;
  return `alerts     arrive ${CHANNEL_WORDS[channel]}${why === null ? '' : `; ${why}`}`;
}

const READY = {
  pass: 'ready for production',
  warn: 'ready for production, with warnings',
  fail: 'not ready for production',
} as const;

function runbookLine({ version, updated, readiness }: ShownRunbook): string {
  const runbook = `runbook    ${version} of ${updated}`;
  if (readiness === null) return `${runbook}; how ready is not known: fermata preflight`;
  const { verdict, passed, looked, atMs } = readiness;
  return `${runbook}; ${READY[verdict]} (${readyPct(readiness)} %): ${passed} of ${looked} of the pre-flight passed, ${moment(atMs)}`;
}

/** Empty if there are no lines. */
export function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

/** The multiple of its risk and the exits are a trade's: a position of several has none of its own. */
function positionLines({ positions, currency }: TraderStatus): string[] {
  return positions.flatMap((position) => {
    const isOneTrade = (position.parts?.length ?? 0) <= 1;
    return [
      `${position.symbol} ${position.side} ${grouped(position.quantity)} at ${grouped(position.averagePrice)}, now ${grouped(position.markPrice ?? 'unknown')}, ` +
        `${gainText(position.unrealised, currency)}${isOneTrade ? multiple(position) : ''}, stop ${grouped(position.stopPrice ?? 'none')} (${position.protection}${bare(position)})`,
      ...(isOneTrade ? exitsLine(position) : partLines(position)),
    ];
  });
}

/** If several strategies hold the position: each one's part, with its own stop. */
function partLines({ parts = [] }: TraderStatus['positions'][number]): string[] {
  return parts.flatMap((part) => [
    `  ${part.strategy} ${part.side === undefined ? '' : `${part.side} `}${grouped(part.quantity)}${part.averagePrice === undefined ? '' : ` at ${grouped(part.averagePrice)}`}${multiple({ trade: part })}, stop ${grouped(part.stopPrice ?? 'none')} (${part.protection})`,
    ...exitsLine({ trade: part }).map((line) => `  ${line}`),
  ]);
}

/** The exits of its trade other than the stop; older traders don't report them. */
function exitsLine({ trade }: Partial<TraderStatus['positions'][number]>): string[] {
  return trade?.exits === undefined ? [] : [`  exits: ${trade.exits.words.join(', ')}`];
}

/** The result as a multiple of what its trade risked; older traders don't report trades. */
function multiple({ trade }: Partial<TraderStatus['positions'][number]>): string {
  return trade?.r == null ? '' : ` (${signed(trade.r)} R)`;
}

function bare({ withoutStopMs }: TraderStatus['positions'][number]): string {
  return withoutStopMs === null ? '' : `, none known to rest for ${grouped(String(withoutStopMs))} ms`;
}

function stopGapLines({ stopGaps }: TraderStatus): string[] {
  return stopGaps.map(
    ({ why, count, longestMs, newestMs, symbol }) =>
      `${STOP_GAP_WORDS[why]}: ${counted(count, 'time')}, longest ${grouped(String(longestMs))} ms (${symbol}), last ${grouped(String(newestMs))} ms`,
  );
}

function heldBackLines({ marketData }: TraderStatus): string[] {
  return marketData.heldBack.map(
    ({ symbol, bid, ask, because, forMs }) =>
      `${symbol} ${grouped(bid)} / ${grouped(ask)} for ${grouped(String(forMs))} ms: ${because}`,
  );
}

/** Also used by `fermata coins`. */
export function coinsLines({ coins }: TraderStatus): string[] {
  return coins.map(({ symbol, nobodys, foreign, toMove }) => {
    const undecided = Number(nobodys) > 0 ? `; say whose: fermata coins ${symbol} desk|foreign|move` : '';
    return `${symbol} nobody's ${grouped(nobodys)}, foreign ${grouped(foreign)}, to be moved ${grouped(toMove)}${undecided}`;
  });
}

function dustLines({ dust, currency }: TraderStatus): string[] {
  return dust.map(
    ({ symbol, quantity, value }) => `${symbol} ${grouped(quantity)}, worth ${grouped(value)} ${currency}`,
  );
}

/** With the id for cancelling it: nothing of it is at the venue, where a person could look it up. */
function waitingLines({ waitingEntries = [] }: TraderStatus): string[] {
  return waitingEntries.map(
    ({ clientId, symbol, waits, stop, strategy }) =>
      `${symbol} ${groupedWithin(waits)}; stop ${grouped(stop)} (${strategy}, ${clientId})`,
  );
}

function orderLines({ orders }: TraderStatus): string[] {
  const lines = orders
    .slice(0, ORDERS_SHOWN_MAX)
    .map(
      (order) =>
        `${order.symbol} ${order.side} ${grouped(order.quantity)} ${order.type}${orderPrice(order)} ` +
        `(${order.purpose}, ${order.state}, filled ${grouped(order.filled)})`,
    );
  const more = orders.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

function orderPrice({ price, worstPrice }: TraderStatus['orders'][number]): string {
  if (price === null) return '';
  return worstPrice === undefined
    ? ` ${grouped(price)}`
    : `, triggers at ${grouped(price)}, ${grouped(worstPrice)} at worst`;
}

function notTradingLine({ subject, reason, waitsFor }: TraderStatus['notTrading'][number]): string {
  return `${subject}: ${reason} (${waitsFor})`;
}
