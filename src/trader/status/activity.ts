/** The newest lines of activity, in plain words, derived from the journal's records. */

import type { TraderStatus } from '../../contracts/trader-status.js';
import { splitText } from '../../domain/corporate-action.js';
import { formatDecimal } from '../../domain/decimal.js';
import { exitReasonWords, STOP_GAP_WORDS } from '../../domain/exits.js';
import { counted, grouped, placesIn } from '../../domain/figure-text.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { type Halt, resumedText } from '../../domain/mode.js';
import { formatMoney, percentOfPpm } from '../../domain/money.js';
import type { Fill, OrderIntent } from '../../domain/order.js';
import { priceWords, waitingWords, whyNotSent } from '../../domain/order-words.js';
import { changesText } from '../../domain/settings-change.js';
import { shownPlaces } from '../../domain/value.js';
import type { EngineRecord } from '../../engine/record.js';

const LINES_MAX = 50;

type Line = TraderStatus['activity'][number];

interface Wording {
  readonly instruments: readonly Instrument[];
  /** How decimal text is written: for people, or unchanged. */
  readonly number: (decimal: string) => string;
}

export class ActivityLog {
  #lines: Line[] = [];
  /** As they were when the record was written: ids and steps of another desk file mean others. */
  #instruments: readonly Instrument[];

  constructor(instruments: readonly Instrument[]) {
    this.#instruments = instruments;
  }

  add(record: EngineRecord, wallMs: number): void {
    if (record.type === 'config') this.#instruments = record.instruments;
    const text = activityText(record, { instruments: this.#instruments, number: grouped });
    if (text === null) return;
    this.#lines.push({ wallMs, marketMs: marketMsOf(record), text });
    if (this.#lines.length > 2 * LINES_MAX) this.#lines = this.#lines.slice(-LINES_MAX);
  }

  /** Adds a line about this process that is not in the journal. */
  say(text: string, { wallMs, marketMs }: { readonly wallMs: number; readonly marketMs: number }): void {
    this.#lines.push({ wallMs, marketMs, text });
  }

  newestFirst(): readonly Line[] {
    return this.#lines.slice(-LINES_MAX).reverse();
  }
}

/** Null: nothing worth a line of its own to a reader. */
export function activityText(record: EngineRecord, wording: Wording): string | null {
  const { instruments, number } = wording;
  switch (record.type) {
    case 'note':
      return record.text;
    case 'order.intended':
      return orderText(record.order, wording);
    case 'order.denied':
      return `${orderText(record.order, wording)}: denied by ${record.limit}: ${record.reason}`;
    case 'order.state':
      return record.state === 'rejected' ? rejectedText(record) : null;
    case 'fill':
      return fillText(record.fill, wording);
    case 'cash':
      return `${record.kind} of ${number(formatMoney(record.amount, placesIn(record.currency)))} ${record.currency} by ${record.by}: ${record.reason}`;
    case 'fee.valued':
      return `a fee of ${number(record.amount)} ${record.asset} is worth ${number(formatMoney(record.fee, feePlaces(wording)))}`;
    case 'halt':
      return haltText(record.halt);
    case 'armed':
      return `trading ${resumedText(record)}`;
    case 'coins.counted':
    case 'coins.claimed':
      return record.by === 'fermata'
        ? null
        : `${record.by} said whose the coins of ${record.symbol} are: ${record.reason}`;
    case 'split':
      return splitLine(record, wording);
    case 'dividend':
      return `${nameOf(record.instrument, instruments)}: a dividend of ${number(record.perShare)} a share, ${number(formatMoney(record.amount, 2))} in all, by ${record.by}: ${record.reason}`;
    case 'closeAll.begun':
      return `closing all positions, asked for by ${record.by}: ${record.reason}`;
    case 'flat.proven':
      return `flat: the venue shows no position and no order, after ${record.afterMs} ms`;
    case 'flat.escalated':
      return `NOT flat: ${record.symbols.join(', ')}: ${record.reason}`;
    case 'reconciled':
      return record.clean
        ? null
        : `reconciliation found ${record.differences.length} differences with the venue`;
    case 'position.adopted':
      return `${nameOf(record.instrument, instruments)}: the venue's position was adopted`;
    case 'trade.closed':
      return tradeText(record, wording);
    case 'trades.crossed':
      return crossedText(record, wording);
    case 'target.reached':
      return targetText(record, wording);
    case 'stop.moved':
      return stopMovedText(record, wording);
    case 'exits.changed':
      return `${nameOf(record.instrument, instruments)}: the exits of its trade were changed: ${record.because}`;
    case 'strategy.toggled':
      return `strategy ${record.strategy} was switched ${record.enabled ? 'on' : 'off'} by ${record.by}: ${record.reason}`;
    case 'settings':
      return `settings version ${record.version} by ${record.by}: ${settingsText(record)}: ${record.reason}`;
    case 'size.factor':
      return `position size was set to ${percentOfPpm(record.sizeFactorPpm)} % by ${record.by}: ${record.reason}`;
    case 'golive.granted':
      return goLiveText(record);
    case 'golive.voided':
      return `the go-live ended, by ${record.by}: ${record.reason}`;
    case 'entry.waits':
      return `${nameOf(record.entry.instrument, instruments)}: an entry waits: ${waitingWords(record.entry, (ticks) => priceText(ticks, record.entry.instrument, wording))}: ${record.entry.because}`;
    case 'entry.over':
      return record.outcome === 'due'
        ? null
        : `${nameOf(record.instrument, instruments)}: an entry of ${record.strategy} that waited was dropped: ${record.reason}`;
    case 'stop.gap':
      return record.why === 'opened' ? null : stopGapText(record);
    case 'signal':
      return signalText(record, wording);
    case 'signal.withdrawn':
      return `signal ${record.id} of ${record.source} was withdrawn by ${record.by}: ${record.reason}`;
    case 'signal.refused':
      return `signal ${record.id} of ${record.source}, revision ${record.revision}, is not followed: ${record.reason}`;
    case 'fill.foreign':
    case 'order.amended':
    case 'config':
    case 'command':
    case 'day':
    case 'equity':
      return null;
  }
}

function rejectedText({ clientId, reason }: Extract<EngineRecord, { readonly type: 'order.state' }>): string {
  const notSent = whyNotSent(reason);
  return notSent === null
    ? `order ${clientId} was rejected by the venue: ${reason}`
    : `order ${clientId} was rejected before it was sent: ${notSent}`;
}

function signalText(
  { signal, by }: Extract<EngineRecord, { readonly type: 'signal' }>,
  wording: Wording,
): string {
  const { source, id, revision, action, entryTicks, stopTicks, targetTicks, instrument } = signal;
  const at = (name: string, ticks: number): string => `, ${name} ${priceText(ticks, instrument, wording)}`;
  const prices = [
    ...(entryTicks === null ? [] : [at('entry', entryTicks)]),
    ...(stopTicks === null ? [] : [at('stop', stopTicks)]),
    ...targetTicks.map((ticks) => at('target', ticks)),
  ];
  const what = `${action} ${nameOf(instrument, wording.instruments)}${prices.join('')}`;
  return `signal ${id} of ${source}, revision ${revision}, by ${by}: ${what}`;
}

/** A fee may be less than a cent. */
const feePlaces = ({ instruments }: Wording): number => Math.max(4, ...instruments.map(shownPlaces));

function splitLine(record: Extract<EngineRecord, { readonly type: 'split' }>, wording: Wording): string {
  const { instruments, number } = wording;
  const held = number(formatDecimal(record.quantityLots, instruments[record.instrument]?.lotSize ?? '1'));
  const paid =
    BigInt(record.inLieu) === 0n ? '' : `, ${number(formatMoney(record.inLieu, 2))} paid out for the rest`;
  return `${nameOf(record.instrument, instruments)}: split ${splitText(record)} by ${record.by}, ${held} are held${paid}: ${record.reason}`;
}

function targetText(
  { instrument, targets, priceTicks }: Extract<EngineRecord, { readonly type: 'target.reached' }>,
  wording: Wording,
): string {
  const price = priceText(priceTicks, instrument, wording);
  return `${nameOf(instrument, wording.instruments)}: target ${targets} was reached at ${price}`;
}

function stopMovedText(
  { instrument, stopTicks, why }: Extract<EngineRecord, { readonly type: 'stop.moved' }>,
  wording: Wording,
): string {
  const price = priceText(stopTicks, instrument, wording);
  const to = {
    breakEvenStop: `break-even at ${price}`,
    trailingStop: `${price}, behind the market`,
    adjustedStop: `${price}, as its strategy asks`,
    foundStop: `${price}, where it was found at the venue`,
  }[why];
  return `${nameOf(instrument, wording.instruments)}: the stop goes to ${to}`;
}

function tradeText(
  { instrument, side, result, r, why, targets = 0 }: Extract<EngineRecord, { readonly type: 'trade.closed' }>,
  { instruments, number }: Wording,
): string {
  const after = targets === 0 || why.startsWith('target') ? '' : `, after target ${targets}`;
  const multiple = r === null ? '' : `, ${number(r.toFixed(2))} R`;
  return `${nameOf(instrument, instruments)}: the ${side} trade was closed ${exitReasonWords(why)}${after}, result ${number(inShort(result))}${multiple}`;
}

function crossedText(
  {
    instrument,
    quantityLots,
    priceTicks,
    seller,
    buyer,
  }: Extract<EngineRecord, { readonly type: 'trades.crossed' }>,
  wording: Wording,
): string {
  const { instruments, number } = wording;
  const quantity = number(formatDecimal(quantityLots, instruments[instrument]?.lotSize ?? '1'));
  const price = priceText(priceTicks, instrument, wording);
  return `${nameOf(instrument, instruments)}: ${quantity} were crossed inside at ${price}: long of ${seller.strategy}, short of ${buyer.strategy}`;
}

/** Truncates the amount; one below 1 keeps four digits that say something. */
function inShort(amount: string): string {
  const zeros = /^-?0\.(0*)/.exec(amount)?.[1];
  const places = zeros === undefined || /^-?0\.0+$/.test(amount) ? 2 : zeros.length + 4;
  return amount.slice(0, amount.indexOf('.') + 1 + places);
}

function stopGapText({
  symbol,
  ms,
  why,
  ended,
}: Extract<EngineRecord, { readonly type: 'stop.gap' }>): string {
  const end = ended === 'closed' ? 'until the position was closed' : 'until a stop rested again';
  return `${symbol}: ${ms} ms without a protective stop (${STOP_GAP_WORDS[why]}), ${end}`;
}

function goLiveText({ grant }: Extract<EngineRecord, { readonly type: 'golive.granted' }>): string {
  const { release, attempt, step, size, approvedBy } = grant;
  const allowed = `${size.maxPositionSizePct} % a position, ${counted(size.maxConcurrentPositions, 'position')}`;
  return `real money, ${release} attempt ${attempt} step ${step}: ${allowed}, approved by ${approvedBy.join(' and ')}`;
}

function settingsText({ changes, approvedBy }: Extract<EngineRecord, { readonly type: 'settings' }>): string {
  const words = changesText(changes);
  return approvedBy.length === 0 ? words : `${words} (approved by ${approvedBy.join(' and ')})`;
}

function orderText(order: OrderIntent, wording: Wording): string {
  const { instruments, number } = wording;
  const quantity = number(formatDecimal(order.quantityLots, instruments[order.instrument]?.lotSize ?? '1'));
  const at = priceWords(order, (ticks) => priceText(ticks, order.instrument, wording));
  const why = order.why === undefined ? '' : `, ${exitReasonWords(order.why)}`;
  return `${nameOf(order.instrument, instruments)}: ${order.purpose} order, ${order.side} ${quantity} (${order.type})${at}${why}`;
}

function fillText(fill: Fill, wording: Wording): string {
  const { instruments, number } = wording;
  const quantity = number(formatDecimal(fill.quantityLots, instruments[fill.instrument]?.lotSize ?? '1'));
  const price = priceText(fill.priceTicks, fill.instrument, wording);
  const did = fill.side === 'buy' ? 'bought' : 'sold';
  return `${nameOf(fill.instrument, instruments)}: ${did} ${quantity} at ${price}${fill.caughtUp ? ' (worked out afterwards)' : ''}`;
}

const priceText = (ticks: number, id: InstrumentId, { instruments, number }: Wording): string =>
  number(formatDecimal(ticks, instruments[id]?.tickSize ?? '1'));

function haltText(halt: Halt): string {
  return `${halt.mode} (${halt.cause}) by ${halt.by}: ${halt.reason}`;
}

function nameOf(id: number, instruments: readonly Instrument[]): string {
  return instruments[id]?.symbol ?? `instrument ${id}`;
}

function marketMsOf(record: EngineRecord): number {
  if (record.type === 'fill' || record.type === 'fill.foreign') return record.fill.marketMs;
  return record.type === 'halt' ? record.halt.atMarketMs : record.marketMs;
}
