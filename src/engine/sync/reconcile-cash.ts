/**
 * Compares cash at the venue with ours. A lasting difference must be explained by the venue's lists or by a
 * person; until then the desk can't be armed and enters nothing. It is never adopted silently.
 */
import { type CashKind, isCapital, isHoldingCost } from '../../domain/cash-and-coins.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { formatDecimal } from '../../domain/decimal.js';
import { formatUnits, parseUnits, type Units, type WrittenUnits, writeUnits } from '../../domain/money.js';
import { type Fill, isDoneAtOnce } from '../../domain/order.js';
import type { CashMovement, TradeCorrection } from '../../domain/venue.js';
import { NAMED_MAX } from '../apply-cash.js';
import { cashUnits, stepsAt } from '../books.js';
import {
  type Core,
  commit,
  equityKnown,
  instrumentAt,
  liveOrders,
  markAllChanged,
  markChanged,
  note,
  progressAt,
  type SnapshotRequest,
  wantSnapshot,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { raiseFault } from '../halts.js';
import { feesAwaited } from '../orders/fee-value.js';
import type { Difference } from '../record.js';
import { feeIdOf } from '../state.js';
import { CASH_CONFIRM_AFTER_MS, FEE_TOLD_LATE_MARKET_MS, FEE_UNLIKELY_MS } from '../timing.js';

interface CashCompared {
  readonly differences: readonly Difference[];
  /** Cash differs and the difference is not confirmed: read again. */
  readonly pending: boolean;
}

const AGREED: CashCompared = { differences: [], pending: false };
const PENDING: CashCompared = { differences: [], pending: true };
/**
 * An adoption has already changed our cash as if it were a trade at the last price. Its real price may differ
 * by this much, which is a result like any trade's; anything beyond, in either direction, is other money that
 * moved and must be explained.
 */
const ADOPTED_PART = 0.05;

export function reconcileCash(core: Core, snapshot: VenueSnapshot, asked: SnapshotRequest): CashCompared {
  const { cash } = core.sync;
  if (snapshot.cash === null) return AGREED;
  const difference = BigInt(snapshot.cash) - cashUnits(core.state);
  if (isNone(core, difference)) return agreed(core);
  if (moved(core, asked)) {
    cash.suspected = null;
    return PENDING;
  }
  // What its fills cost may be all that differs: then all else agrees.
  if (isLikeFees(core, difference)) return AGREED;
  if (mayBeFee(core)) return PENDING;
  if (!isConfirmed(core, difference)) return PENDING;
  if (isRounding(core, difference))
    return byItself(core, 'correction', difference, 'the venue rounds amounts that we count exactly');
  const explained = explaining(core, snapshot.movements ?? [], difference);
  if (explained !== null) {
    for (const movement of explained) bookMovement(core, movement);
    return agreed(core);
  }
  // A snapshot that proves flat requests no lists, and long lists take longer. A later snapshot shows whether
  // they explain it.
  const unread = !asked.asksMovements || snapshot.movementsUnfinished === true;
  if (unread && cash.unexplained !== difference) return PENDING;
  if (cash.adopted > 0 && Math.abs(Number(difference)) <= cash.adopted * ADOPTED_PART)
    return byItself(core, 'result', difference, 'what was adopted was traded at another price');
  if (asked.asksMovements) cash.listed = openMovements(core, snapshot.movements ?? []);
  return unexplained(core, snapshot, difference);
}

const openFees = (core: Core) => feesAwaited(core, core.marketMs - FEE_TOLD_LATE_MARKET_MS);

/** What the fees are expected to be that the venue may still tell. A difference in cash may be theirs for now. */
export const feesAwaitedSum = (core: Core): number => openFees(core).reduce((sum, { fee }) => sum + fee, 0);

/** A fee is hardly ever so many times what it was expected to be. */
const FEE_TIMES_EXPECTED_MAX = 10;

function isLikeFees(core: Core, difference: Units): boolean {
  const { cash } = core.sync;
  const most = BigInt(Math.abs(feesAwaitedSum(core)) * FEE_TIMES_EXPECTED_MAX);
  if (cash.unexplained !== null || !isWithin(difference, most)) return false;
  cash.feeAwaitedSinceMs = null;
  return true;
}

/** More may be missing than a fee, which need not have been expected at all: that is not waited for as long. */
function mayBeFee(core: Core): boolean {
  const { cash } = core.sync;
  if (feesAwaited(core, core.marketMs - FEE_UNLIKELY_MS).length === 0) return false;
  cash.feeAwaitedSinceMs ??= core.monotonicMs;
  return core.monotonicMs - cash.feeAwaitedSinceMs < FEE_UNLIKELY_MS;
}

/** For a difference that is not judged yet. */
export function whyCashDiffers(core: Core): string {
  const [fee] = openFees(core);
  return fee === undefined
    ? 'cash differs'
    : `cash differs, and what a trade in ${fee.symbol} cost is not told yet`;
}

export function cashDiffers(core: Core, { cash }: VenueSnapshot): boolean {
  return cash !== null && !isNone(core, BigInt(cash) - cashUnits(core.state));
}

/** Equal, as far as the venue's figures show: if its cash is computed from several, each is rounded. */
const isNone = (core: Core, difference: Units): boolean => isWithin(difference, 2n * stepOf(core));

const stepOf = ({ config }: Core): Units => BigInt(config.capabilities.cashStep ?? 0);

const isWithin = (difference: Units, most: Units): boolean => difference <= most && difference >= -most;

function agreed({ sync, state }: Core): CashCompared {
  sync.cash.fillsAgreed = state.counters.fills;
  sync.cash.suspected = null;
  sync.cash.unexplained = null;
  sync.cash.adopted = 0;
  sync.cash.feeAwaitedSinceMs = null;
  return AGREED;
}

/** Something was traded while the account was read, or may be at any moment. */
function moved(core: Core, asked: SnapshotRequest): boolean {
  return core.config.instruments.some(
    ({ id }) =>
      asked.activity[id] !== core.progress[id]?.activity ||
      liveOrders(core, id).some(
        ({ state, intent }) => isDoneAtOnce(intent) || state === 'unknown' || state === 'intended',
      ),
  );
}

function isConfirmed(core: Core, difference: Units): boolean {
  const { cash } = core.sync;
  if (cash.unexplained === difference) return true;
  const before = cash.suspected;
  if (before?.difference !== difference) {
    cash.suspected = { difference, atMs: core.monotonicMs };
    return false;
  }
  return core.monotonicMs - before.atMs >= CASH_CONFIRM_AFTER_MS;
}

/**
 * Each fill contributes at most one unit where a pair is finer than a money unit, or half of the venue's
 * rounding step. A difference that people were asked to explain never counts as rounding, however many fills
 * follow until they do.
 */
function isRounding(core: Core, difference: Units): boolean {
  const { state, sync } = core;
  if ((state.steps[0]?.perMoney ?? 1n) !== 1n) return isWithin(difference, BigInt(state.counters.fills));
  if (sync.cash.unexplained !== null) return false;
  const fills = BigInt(state.counters.fills - sync.cash.fillsAgreed);
  return isWithin(difference, (stepOf(core) * (4n + fills)) / 2n);
}

function byItself(core: Core, kind: 'correction' | 'result', units: Units, reason: string): CashCompared {
  book(core, { kind, units, by: 'fermata', source: 'desk', movementId: null, reason });
  return agreed(core);
}

/**
 * Deposits and interest are listed with the time at which they were seen, but may be credited later. A
 * movement older than the last clean snapshot by more than this never reached this cash and explains nothing.
 */
const CREDITED_LATER_MARKET_MS = 7 * DAY_MS;

/** Market time from which movements may explain a difference, in whole days. */
export function movementsSince({ state }: Core): number {
  const dayMs = Math.floor((state.fillsThroughMs - CREDITED_LATER_MARKET_MS) / DAY_MS) * DAY_MS;
  return Math.max(state.beganMs, dayMs);
}

/** Movements not booked yet that may explain a difference. */
function openMovements(core: Core, movements: readonly CashMovement[]): readonly CashMovement[] {
  const currency = currencyOf(core);
  const sinceMs = movementsSince(core);
  return withoutExplained(
    core,
    movements.filter(
      ({ id, asset, marketMs }) =>
        asset === currency && marketMs >= sinceMs && !core.state.movementsBooked.has(id),
    ),
  );
}

/**
 * Movements not booked yet that together equal the difference: all of them, the newest ones, or a single one. Null:
 * there are none.
 */
export function explaining(
  core: Core,
  movements: readonly CashMovement[],
  difference: Units,
): readonly CashMovement[] | null {
  const open = openMovements(core, movements);
  if (sumOf(open) === difference) return open;
  for (let from = open.length - 1; from > 0; from -= 1) {
    const newest = open.slice(from);
    if (sumOf(newest) === difference) return newest;
  }
  const one = open.findLast((movement) => sumOf([movement]) === difference);
  return one === undefined ? null : [one];
}

/** How far the clocks of the venue's lists may differ. */
const LISTED_APART_MS = 60_000;

/**
 * Leaves out movements that a person explained before the venue listed them: they are booked already. A
 * movement after cash began to differ is a different one.
 */
function withoutExplained({ state }: Core, movements: readonly CashMovement[]): readonly CashMovement[] {
  const open = [...movements];
  for (const { units, marketMs } of state.cashExplained) {
    const at = open.findIndex(
      (one) =>
        parseUnits(one.amount) === units &&
        one.marketMs <= marketMs + LISTED_APART_MS &&
        one.marketMs >= marketMs - CREDITED_LATER_MARKET_MS,
    );
    if (at !== -1) open.splice(at, 1);
  }
  return open;
}

function sumOf(movements: readonly CashMovement[]): Units {
  return movements.reduce((sum, { amount }) => sum + parseUnits(amount), 0n);
}

/**
 * A movement that the venue reports as it happens. If the report is lost, the next snapshot finds it in the
 * venue's list.
 */
export function takeMovement(core: Core, movement: CashMovement): void {
  const isKnown = core.state.movementsBooked.has(movement.id);
  if (!core.begun || isKnown || movement.asset !== currencyOf(core)) return;
  bookMovement(core, movement);
  // A snapshot under way may have the earlier cash.
  for (const progress of core.progress) progress.activity += 1;
  markAllChanged(core);
}

/**
 * A trade that was told is another now. What is booked stays: the account may show nothing of it before the
 * position is closed. People must know, and a difference in cash names it.
 */
export function takeCorrection(core: Core, { instrument, tradeId, was, is }: TradeCorrection): void {
  const { symbol, lotSize, tickSize } = instrumentAt(core, instrument);
  const words = ({ quantityLots, priceTicks }: typeof was) =>
    `${formatDecimal(quantityLots, lotSize)} at ${formatDecimal(priceTicks, tickSize)}`;
  const what =
    is === null
      ? `the trade ${tradeId} of ${symbol} (${words(was)}) was taken back`
      : `the trade ${tradeId} of ${symbol} was ${words(was)} and is ${words(is)}`;
  const text = `the venue has corrected a trade: ${what}. It stays booked as it was; what that makes of cash is to be explained`;
  const about = { strategy: null, symbol, correction: what, marketMs: core.marketMs };
  commit(core, { type: 'note', level: 'alarm', text, ...about });
  progressAt(core, instrument).activity += 1;
  markChanged(core, instrument);
  wantSnapshot(core);
}

function bookMovement(core: Core, { id, kind, amount, source, reason }: CashMovement): void {
  const units = parseUnits(amount);
  book(core, {
    kind: kindOf(kind, units),
    units,
    by: core.config.capabilities.name,
    source,
    movementId: id,
    reason: reason ?? `${kind} listed by the venue`,
  });
}

function kindOf(kind: CashMovement['kind'], units: Units): CashKind {
  if (kind === 'transfer') return units > 0n ? 'deposit' : 'withdrawal';
  return kind === 'dustConversion' ? 'correction' : kind;
}

interface CashBooking {
  readonly kind: CashKind;
  readonly units: Units;
  readonly by: string;
  readonly source: string;
  readonly movementId: string | null;
  readonly reason: string;
  readonly leaves?: WrittenUnits;
}

export function book(core: Core, { units, ...rest }: CashBooking): void {
  const currency = currencyOf(core);
  const booked = { ...rest, currency, amount: writeUnits(units), marketMs: core.marketMs };
  commit(core, { type: 'cash', ...booked, ...(isCapital(rest.kind) ? equityKnown(core) : {}) });
  // Costs that come every few hours are in the records, and nobody needs to look at them.
  if (isHoldingCost(rest.kind) && rest.movementId !== null) return;
  note(core, 'warn', `${rest.kind} of ${formatUnits(units)} ${currency}: ${rest.reason} (${rest.by})`);
}

/** The fee of a fill that was booked with an expected one: what differs is booked, once. */
export function takeToldFee(core: Core, { instrument, tradeId, fee, feeExpected }: Fill): void {
  if (core.state.feesExpected.size === 0) return;
  const { symbol } = instrumentAt(core, instrument);
  const id = feeIdOf(symbol, { tradeId });
  const booked = core.state.feesExpected.get(id);
  const { feesTold } = core.sync.cash;
  if (booked === undefined || feeExpected === true || booked.over || feesTold.has(id)) return;
  feesTold.add(id);
  // A snapshot under way may have the earlier cash.
  for (const progress of core.progress) progress.activity += 1;
  markAllChanged(core);
  if (booked.fee === fee) return;
  book(core, {
    ...{ kind: 'commission', units: BigInt(booked.fee) - BigInt(fee), movementId: id },
    ...{ by: core.config.capabilities.name, source: 'fill' },
    reason: `the trade ${tradeId} of ${symbol} cost ${formatUnits(BigInt(fee))}, and ${formatUnits(BigInt(booked.fee))} was booked before that was told`,
  });
}

function unexplained(core: Core, snapshot: VenueSnapshot, difference: Units): CashCompared {
  const currency = currencyOf(core);
  const ours = formatUnits(cashUnits(core.state));
  const venues = formatUnits(BigInt(snapshot.cash ?? 0));
  core.sync.cash.unexplained = difference;
  const reason =
    `cash: we count ${ours} ${currency}, the venue has ${venues}, and nothing explains the difference of ` +
    `${formatUnits(difference)}${listedToo(core, difference)}${corrected(core)}${untold(core)}${notRead(snapshot)}: ` +
    'fermata cash explain says what it was';
  if (!core.state.halts.some(({ cause }) => cause === 'reconciliation')) note(core, 'alarm', reason);
  raiseFault(core, 'reconciliation', reason);
  return {
    differences: [{ what: 'balance', symbol: currency, ours, venues, rule: 'halt' }],
    pending: false,
  };
}

/** Names what the venue lists of it, since a person has to explain only the rest. */
function listedToo({ sync: { cash } }: Core, difference: Units): string {
  if (cash.listed.length === 0) return '';
  const words = cash.listed.slice(-NAMED_MAX).map(({ kind, amount, source }) => {
    const units = parseUnits(amount);
    return `${kindOf(kind, units)} of ${formatUnits(units)} (${source})`;
  });
  const rest = formatUnits(difference - sumOf(cash.listed));
  return `; the venue lists ${words.join(', ')}, which leaves ${rest} to be explained`;
}

const corrected = ({ state: { corrections } }: Core): string =>
  corrections.length === 0
    ? ''
    : ` but for what the venue has corrected after it was booked: ${corrections.join('; ')}`;

/** Names what was booked as expected, because the venue has not told it, or not in the desk's currency. */
function untold({ state, sync: { cash } }: Core): string {
  const fees = [...state.feesExpected].filter(([id, { over }]) => !over && !cash.feesTold.has(id));
  if (fees.length === 0) return '';
  const words = fees
    .slice(-NAMED_MAX)
    .map(([id, { fee }]) => `${id} (${formatUnits(BigInt(fee))} was booked)`);
  return `; the venue has not told in ${stepsAt(state, 0).quote}: ${words.join(', ')}`;
}

/** Names the lists that could not be read, so a person can look there. */
function notRead({ movementsUnread = [] }: VenueSnapshot): string {
  return movementsUnread.length === 0 ? '' : ` (not read: ${movementsUnread.join('; ')})`;
}

function currencyOf(core: Core): string {
  return stepsAt(core.state, 0).quote;
}
