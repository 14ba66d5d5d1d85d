/** The broker's contract for an instrument of the desk, as the broker describes it. */
import { type Contract, type ContractDetails, EventName, SecType } from '@stoqey/ib';
import { STEP_PLACES_MAX } from '../../domain/book-steps.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatUnits, parseUnits } from '../../domain/money.js';
import type { ListedContract } from '../../domain/venue.js';
import { brokersName } from './broker-names.js';
import { numberOf, textOf, Unbelievable } from './decode.js';
import { type Gateway, type Question, Refused } from './gateway.js';

export interface ResolvedContract {
  readonly instrument: Instrument;
  /** For orders and data: one month of a future, never the continuous contract. */
  readonly contract: Contract & { readonly conId: number };
  /** Its common name, for example NQZ6. */
  readonly name: string;
  /** For a future; null for everything else. */
  readonly listed: ListedContract | null;
  /** Why no position may be opened in it; null if it is as the desk file says. */
  readonly problem: string | null;
}

/** Throws RangeError for a kind that no account here trades, and for a future without its exchange. */
export function askedOf(instrument: Instrument): Contract {
  const { kind, quote, symbol, exchange, contractMonth } = instrument;
  const common = { ...brokersName(instrument), currency: quote };
  if (kind === 'stock') {
    const listed = exchange === undefined ? {} : { primaryExch: exchange };
    return { ...common, secType: SecType.STK, exchange: 'SMART', ...listed };
  }
  if (kind !== 'future') throw new RangeError(`${symbol}: expected a future or a stock, found ${kind}`);
  if (exchange === undefined)
    throw new RangeError(`${symbol}: expected the exchange of the future, found none`);
  if (contractMonth === undefined) return { ...common, secType: SecType.CONTFUT, exchange };
  return { ...common, secType: SecType.FUT, exchange, lastTradeDateOrContractMonth: contractMonth };
}

export function contractDetails(contract: Contract): Question<readonly ContractDetails[]> {
  const found: ContractDetails[] = [];
  return {
    name: `details of ${contract.localSymbol ?? contract.symbol ?? contract.conId}`,
    send: (api, id) => api.reqContractDetails(id, contract),
    hear(event, [its, details], id, done) {
      if (its !== id) return;
      if (event === EventName.contractDetails) found.push(details as ContractDetails);
      if (event === EventName.contractDetailsEnd) done(found);
    },
  };
}

/**
 * `inUse`: contracts in which the account has a position or an open order of a desk. Such a month is traded
 * until it is closed, even if another is the front month by now. Throws `VenueUnavailable`, and RangeError as
 * `askedOf` does.
 */
export async function resolveContract(
  gateway: Gateway,
  instrument: Instrument,
  inUse: readonly Contract[],
): Promise<ResolvedContract | { readonly instrument: Instrument; readonly problem: string }> {
  const asked = askedOf(instrument);
  const { symbol } = instrument;
  try {
    const { contract } = await only(gateway, asked, instrument);
    const months = new Map<number | undefined, Contract>();
    if (asked.secType === SecType.CONTFUT)
      for (const one of inUse)
        if (one.secType === SecType.FUT && isSameFuture(one, contract)) months.set(one.conId, one);
    const [first = contract, second] = months.values();
    if (second !== undefined) {
      const names = [...months.values()].map(({ localSymbol }) => localSymbol).join(', ');
      throw new Unbelievable(
        `${symbol}: positions or orders in several months (${names}); close all but one`,
      );
    }
    const conId = numberOf(first.conId, 'conId');
    const found = await only(gateway, { conId, exchange: asked.exchange ?? '' }, instrument);
    return described(instrument, asked, found);
  } catch (error) {
    if (error instanceof Refused && error.code === NO_DEFINITION)
      return { instrument, problem: notListed(instrument) };
    if (error instanceof Unbelievable) return { instrument, problem: error.message };
    throw error;
  }
}

const NO_DEFINITION = 200;

const notListed = ({ symbol, contractMonth }: Instrument): string =>
  contractMonth === undefined
    ? `${symbol} is not listed at the broker (200)`
    : `${symbol} ${contractMonth} is not listed at the broker (200): it has expired, or there is no such month`;

/** Whether two futures are months of one: micro silver has the symbol of silver, too. */
export const isSameFuture = (one: Contract, other: Contract): boolean =>
  one.symbol === other.symbol &&
  one.tradingClass === other.tradingClass &&
  one.multiplier === other.multiplier &&
  one.currency === other.currency;

async function only(gateway: Gateway, asked: Contract, instrument: Instrument): Promise<ContractDetails> {
  const told = await gateway.ask(contractDetails(asked));
  const [first, second] = told.length > 1 ? withMultiplier(told, instrument) : told;
  if (first !== undefined && second === undefined) return first;
  throw new Unbelievable(
    `${instrument.symbol}: expected one contract, found ${first === undefined ? 'none' : 'several'}`,
  );
}

/** Of several futures under one symbol, those with the desk file's multiplier. Throws if there are none. */
function withMultiplier(
  told: readonly ContractDetails[],
  { symbol, multiplier = '1' }: Instrument,
): readonly ContractDetails[] {
  const found = told.filter((one) => asQuoted(one).multiplier === Number(multiplier));
  if (found.length > 0) return found;
  const theirs = told.map((one) => `${asQuoted(one).multiplier} (${one.contract.localSymbol})`).join(' or ');
  throw new Unbelievable(`${symbol}: multiplier is ${theirs} at the broker, ${multiplier} in the desk file`);
}

function described(instrument: Instrument, asked: Contract, details: ContractDetails): ResolvedContract {
  const { contract } = details;
  const { symbol } = instrument;
  const secType = asked.secType === SecType.STK ? SecType.STK : SecType.FUT;
  const { tradingClass = contract.tradingClass } = asked;
  if (
    contract.secType !== secType ||
    contract.symbol !== asked.symbol ||
    contract.tradingClass !== tradingClass
  )
    throw new Unbelievable(`${symbol}: the broker answered with another contract (${contract.localSymbol})`);
  const name = textOf(contract.localSymbol, 'localSymbol');
  const traded = {
    conId: numberOf(contract.conId, 'conId'),
    secType,
    symbol: textOf(contract.symbol, 'symbol'),
    localSymbol: name,
    exchange: asked.exchange ?? '',
    currency: textOf(contract.currency, 'currency'),
    ...(secType === SecType.FUT ? futureOf(contract) : {}),
  };
  const listed = secType === SecType.FUT ? listedOf(details) : null;
  return { instrument, contract: traded, name, listed, problem: otherwise(instrument, details) };
}

const futureOf = ({ tradingClass, multiplier }: Contract) => ({
  tradingClass: textOf(tradingClass, 'tradingClass'),
  multiplier: numberOf(multiplier, 'multiplier'),
});

/** Some answers have a time of day after the date. */
const LAST_TRADE = /^(\d{4})(\d{2})(\d{2})(\D|$)/;

function listedOf({ contract, contractMonth }: ContractDetails): ListedContract {
  const told = textOf(contract.lastTradeDateOrContractMonth, 'lastTradeDateOrContractMonth');
  const [, year, month, day] = LAST_TRADE.exec(told) ?? [];
  if (year === undefined || month === undefined || day === undefined)
    throw new Unbelievable(`${contract.localSymbol}: expected the date of its last trade, found ${told}`);
  return {
    name: textOf(contract.localSymbol, 'localSymbol'),
    // The month it is named after: some products stop trading in the month before.
    month: /^\d{6}$/.test(contractMonth ?? '') ? String(contractMonth) : `${year}${month}`,
    lastTradeDay: `${year}-${month}-${day}`,
  };
}

/** The next month of the same future that the broker lists; null: none. Throws `VenueUnavailable`. */
export async function followingContract(
  gateway: Gateway,
  { contract, listed }: ResolvedContract,
): Promise<ListedContract | null> {
  if (listed === null) return null;
  const { symbol = '', exchange = '', currency = '' } = contract;
  const all = await gateway.ask(contractDetails({ secType: SecType.FUT, symbol, exchange, currency }));
  const later = all
    .filter((one) => isSameFuture(one.contract, contract))
    .map(listedOf)
    .filter(({ lastTradeDay }) => lastTradeDay > listed.lastTradeDay)
    .sort((a, b) => (a.lastTradeDay < b.lastTradeDay ? -1 : 1));
  return later[0] ?? null;
}

/** How the desk file differs from the broker; null if it doesn't. */
function otherwise(instrument: Instrument, details: ContractDetails): string | null {
  const { symbol, quote, tickSize, lotSize, multiplier = '1' } = instrument;
  const quoted = asQuoted(details);
  const problems = [
    differs('currency', quote, details.contract.currency),
    differs('tickSize', Number(tickSize), quoted.tickSize),
    differs('multiplier', Number(multiplier), quoted.multiplier),
    differs('lotSize', Number(lotSize), 1),
  ].filter((problem) => problem !== null);
  if (problems.length === 0) return null;
  const unit = quoted.parts === 1 ? '' : ` (the broker quotes it in 1/${quoted.parts} ${quote})`;
  return `${symbol}: ${problems.join('; ')}${unit}`;
}

function differs(what: string, ours: string | number, theirs: unknown): string | null {
  return ours === theirs ? null : `${what} is ${String(theirs)} at the broker, ${ours} in the desk file`;
}

/**
 * The tick and the multiplier for prices as they are quoted, which is how the desk file has them. The broker
 * describes every contract for prices in whole units of its currency, but quotes some in parts of the unit,
 * and takes orders in them: corn in cents (`priceMagnifier` 100). Its tick of 0.0025 is then 0.25, and its
 * multiplier of 5000 is 50.
 */
function asQuoted({ contract, minTick, priceMagnifier }: ContractDetails) {
  const parts = numberOf(priceMagnifier || 1, 'priceMagnifier');
  if (!Number.isSafeInteger(parts) || parts < 1)
    throw new Unbelievable(`priceMagnifier: expected a whole number, found ${parts}`);
  const times = BigInt(parts);
  return {
    parts,
    tickSize: fromUnits(toUnits(numberOf(minTick, 'minTick')) * times),
    multiplier: fromUnits(toUnits(numberOf(contract.multiplier || 1, 'multiplier')) / times),
  };
}

const toUnits = (value: number): bigint => parseUnits(value.toFixed(STEP_PLACES_MAX), STEP_PLACES_MAX);
const fromUnits = (units: bigint): number => Number(formatUnits(units, STEP_PLACES_MAX));
