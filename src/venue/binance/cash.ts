/**
 * Movements of the account's cash without a trade, from the wallet's own lists: deposits, withdrawals,
 * transfers between wallets, interest and dividends, conversions of dust into BNB. Movements listed elsewhere
 * (fiat, convert, sub-accounts, gifts) are not read: they stay unexplained until a person explains them.
 */

import { DAY_MS } from '../../domain/civil-date.js';
import { messageOf } from '../../domain/message-of.js';
import type { CashListed, CashMovement, CashMovementKind } from '../../domain/venue.js';
import { VenueUnavailable } from '../port.js';
import {
  amountField,
  decimalOf,
  type Fields,
  fieldsOf,
  listOf,
  textField,
  Unbelievable,
  wholeField,
} from './decode.js';
import type { CcxtBinance } from './exchange.js';
import type { Reader } from './reading.js';

/**
 * A deposit is listed at the time it was seen, and may be credited later. Movements older than this no longer change.
 */
const CREDITED_LATER_MS = 7 * DAY_MS;
const PAGE = 1000;
const PAGES_MAX = 20;
const DIVIDENDS_MAX = 500;
const DUST_MAX = 100;
const TRANSFERS_PAGE = 100;
/**
 * A full answer's span is halved and requested again, down to this: a second with more entries than a list
 * shows is left for a person to explain.
 */
const SPAN_MS_MIN = 1000;

/** Other wallets of the same person, as transfer types spell them. */
const WALLETS = ['FUNDING', 'MARGIN', 'UMFUTURE', 'CMFUTURE'] as const;

/** Credited, and credited but not yet withdrawable. */
const DEPOSIT_STATES: ReadonlySet<number> = new Set([1, 6]);
/** Cancelled, rejected, failed: the coins stayed or came back. */
const WITHDRAWAL_UNDONE: ReadonlySet<number> = new Set([1, 3, 5]);
/** 0: this wallet; 1: the funding wallet, which is not the trading account. */
const SPOT_WALLET = 0;

interface CashContext {
  readonly reader: Reader;
  /** The venue's time. */
  readonly nowMs: () => number;
}

type Query = Readonly<Record<string, string | number>>;
type Send = (ccxt: CcxtBinance, query: Query) => Promise<unknown>;

interface List {
  readonly name: string;
  readonly kind: CashMovementKind;
  /** The longest span that one request may cover. */
  readonly spanMs: number;
  /**
   * Weight of one request, from the exchange's own table. Withdrawals have no weight per minute but a limit of ten
   * requests a second.
   */
  readonly weight: number;
  readonly send: Send;
}

const DEPOSITS: List = {
  name: 'deposit/hisrec',
  kind: 'deposit',
  spanMs: 89 * DAY_MS,
  weight: 1,
  send: (ccxt, query) => ccxt.sapiGetCapitalDepositHisrec(query),
};
const WITHDRAWALS: List = {
  name: 'withdraw/history',
  kind: 'withdrawal',
  spanMs: 89 * DAY_MS,
  weight: 1,
  send: (ccxt, query) => ccxt.sapiGetCapitalWithdrawHistory(query),
};
const DIVIDENDS: List = {
  name: 'asset/assetDividend',
  kind: 'interest',
  spanMs: 179 * DAY_MS,
  weight: 10,
  send: (ccxt, query) => ccxt.sapiGetAssetAssetDividend(query),
};
const DUST: List = {
  name: 'asset/dribblet',
  kind: 'dustConversion',
  spanMs: 30 * DAY_MS,
  weight: 1,
  send: (ccxt, query) => ccxt.sapiGetAssetDribblet(query),
};
const TRANSFERS: List = {
  name: 'asset/transfer',
  kind: 'transfer',
  spanMs: 179 * DAY_MS,
  weight: 1,
  send: (ccxt, query) => ccxt.sapiGetAssetTransfer(query),
};

interface Found {
  readonly ref: string;
  readonly asset: string;
  readonly units: bigint;
  readonly marketMs: number;
}

interface Span {
  readonly startTime: number;
  readonly endTime: number;
}

/** The list returned its maximum number of rows: there may be more, silently left out. */
const FULL = 'full';

type ReadSpan = (
  ask: (query: Query) => Promise<unknown>,
  name: string,
) => Promise<readonly Found[] | typeof FULL>;

/**
 * Reads everything at or after `sinceMs`, oldest first. Requests go one after another, so explaining a cash
 * difference never uses up a second's allowance at once. Movements too old to change are requested only once,
 * however long the journal grows. A list that is refused or can't be believed is named, and the other lists
 * still count; if the venue is away, the breaker ends the reading.
 */
export function cashReader(context: CashContext): (sinceMs: number) => Promise<CashListed> {
  const settled = new Map<string, readonly CashMovement[]>();
  return async (sinceMs) => {
    const found = new Map<string, CashMovement>();
    const unread: string[] = [];
    for (const listed of LISTS) {
      try {
        await collect(context, settled, listed, sinceMs, found);
      } catch (error) {
        if (!(error instanceof VenueUnavailable)) throw error;
        unread.push(messageOf(error));
      }
    }
    const movements = [...found.values()]
      .filter(({ marketMs }) => marketMs >= sinceMs)
      .sort((a, b) => a.marketMs - b.marketMs || (a.id < b.id ? -1 : 1));
    return { movements, unread };
  };
}
/** Adds to `found` span by span, so that a failing span loses nothing read before it. */
async function collect(
  { reader, nowMs }: CashContext,
  settled: Map<string, readonly CashMovement[]>,
  [list, type, readSpan]: (typeof LISTS)[number],
  sinceMs: number,
  found: Map<string, CashMovement>,
): Promise<void> {
  const now = nowMs();
  const endMs = now + DAY_MS;
  for (let startMs = Math.max(0, sinceMs - CREDITED_LATER_MS); startMs < endMs; startMs += list.spanMs) {
    const startTime = Math.floor(startMs);
    for (const one of await read({ startTime, endTime: Math.floor(startMs + list.spanMs) }))
      found.set(one.id, one);
  }

  /** Reads fixed spans (and their halves), so that the next reading recognises those that no longer change. */
  async function read(span: Span): Promise<readonly CashMovement[]> {
    if (span.startTime >= endMs) return [];
    const key = `${list.name} ${type} ${span.startTime} ${span.endTime}`;
    const known = settled.get(key);
    if (known !== undefined) return known;
    const movements = await ask(span);
    if (span.endTime < now - CREDITED_LATER_MS) settled.set(key, movements);
    return movements;
  }

  async function ask(span: Span): Promise<readonly CashMovement[]> {
    const { startTime } = span;
    const endTime = Math.floor(Math.min(span.endTime, endMs));
    const send = (query: Query) =>
      reader.read({
        name: `GET ${list.name}`,
        weight: list.weight,
        urgency: 'background',
        send: (ccxt) => list.send(ccxt, { startTime, endTime, ...query }),
        decode: (body) => body,
      });
    const rows = await believable(list.name, () => readSpan(send, list.name));
    if (rows === FULL) return halves(span);
    return rows.map(({ ref, asset, units, marketMs }) => {
      const id = `${list.name} ${ref}`;
      return { id, kind: list.kind, asset, amount: decimalOf(units), marketMs, source: id };
    });
  }

  async function halves({ startTime, endTime }: Span): Promise<readonly CashMovement[]> {
    if (endTime - startTime < SPAN_MS_MIN)
      throw new VenueUnavailable(`GET ${list.name}: more entries in a second than it lists`);
    const middle = Math.floor((startTime + endTime) / 2);
    const earlier = await read({ startTime, endTime: middle });
    return [...earlier, ...(await read({ startTime: middle + 1, endTime }))];
  }
}

async function believable<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Unbelievable)) throw error;
    throw new VenueUnavailable(`GET ${name}: ${error.message}; the answer was not used`);
  }
}

/** For lists that are read page by page. */
function readPaged(read: (row: Fields) => Found | null): ReadSpan {
  return async (ask, name) => {
    const found: Found[] = [];
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const rows = listOf(await ask({ offset: page * PAGE, limit: PAGE }), name);
      for (const row of rows) {
        const one = read(fieldsOf(row, name));
        if (one !== null) found.push(one);
      }
      if (rows.length < PAGE) return found;
    }
    return FULL;
  };
}

function readDeposit(row: Fields): Found | null {
  if (row.walletType !== undefined && row.walletType !== SPOT_WALLET) return null;
  if (!DEPOSIT_STATES.has(wholeField(row, 'status', 'deposit'))) return null;
  const completed =
    typeof row.completeTime === 'number' && row.completeTime > 0 ? 'completeTime' : 'insertTime';
  return {
    ref: textField(row, 'id', 'deposit'),
    asset: textField(row, 'coin', 'deposit'),
    units: amountField(row, 'amount', 'deposit'),
    marketMs: wholeField(row, completed, 'deposit'),
  };
}

/** The network's fee is charged on top of the amount sent. */
function readWithdrawal(row: Fields): Found | null {
  if (row.walletType !== undefined && row.walletType !== SPOT_WALLET) return null;
  if (WITHDRAWAL_UNDONE.has(wholeField(row, 'status', 'withdrawal'))) return null;
  const sent = amountField(row, 'amount', 'withdrawal') + amountField(row, 'transactionFee', 'withdrawal');
  return {
    ref: textField(row, 'id', 'withdrawal'),
    asset: textField(row, 'coin', 'withdrawal'),
    units: -sent,
    marketMs: writtenTime(textField(row, 'applyTime', 'withdrawal')),
  };
}

/**
 * Parses `2026-07-21 15:29:45` (UTC) and returns the last millisecond of that second, so that nothing within
 * it is left out.
 */
function writtenTime(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)
    ? Date.parse(`${text.replace(' ', 'T')}.999Z`)
    : NaN;
  if (Number.isNaN(ms)) throw new Unbelievable('withdrawal: a time in another form than the venue documents');
  return ms;
}

const readDividends: ReadSpan = async (ask, name) => {
  const rows = listOf(fieldsOf(await ask({ limit: DIVIDENDS_MAX }), name).rows, name);
  if (rows.length >= DIVIDENDS_MAX) return FULL;
  return rows.map((value) => {
    const row = fieldsOf(value, 'dividend');
    return {
      ref: `${wholeField(row, 'tranId', 'dividend')} ${wholeField(row, 'id', 'dividend')}`,
      asset: textField(row, 'asset', 'dividend'),
      units: amountField(row, 'amount', 'dividend'),
      marketMs: wholeField(row, 'divTime', 'dividend'),
    };
  });
};

/** Each conversion sells one coin for BNB. */
const readDust: ReadSpan = async (ask, name) => {
  const conversions = listOf(fieldsOf(await ask({}), name).userAssetDribblets, name);
  if (conversions.length >= DUST_MAX) return FULL;
  return conversions.flatMap((conversion) =>
    listOf(fieldsOf(conversion, name).userAssetDribbletDetails, name).flatMap((value) => {
      const row = fieldsOf(value, 'conversion');
      const marketMs = wholeField(row, 'operateTime', 'conversion');
      const asset = textField(row, 'fromAsset', 'conversion');
      const ref = `${wholeField(row, 'transId', 'conversion')} ${asset}`;
      const taken = { ref, asset, units: -amountField(row, 'amount', 'conversion'), marketMs };
      const bnb = amountField(row, 'transferedAmount', 'conversion');
      return [taken, { ref: `${ref} BNB`, asset: 'BNB', units: bnb, marketMs }];
    }),
  );
};

function readTransfers(type: string, sign: bigint): ReadSpan {
  return async (ask, name) => {
    const found: Found[] = [];
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const body = fieldsOf(await ask({ type, current: page, size: TRANSFERS_PAGE }), name);
      // The venue omits an empty list.
      const rows = listOf(body.rows ?? [], name);
      for (const value of rows) {
        const row = fieldsOf(value, 'transfer');
        if (row.status !== 'CONFIRMED') continue;
        found.push({
          ref: `${type} ${wholeField(row, 'tranId', 'transfer')}`,
          asset: textField(row, 'asset', 'transfer'),
          units: sign * amountField(row, 'amount', 'transfer'),
          marketMs: wholeField(row, 'timestamp', 'transfer'),
        });
      }
      if (rows.length < TRANSFERS_PAGE) return found;
    }
    return FULL;
  };
}

const LISTS: readonly (readonly [List, string, ReadSpan])[] = [
  [DEPOSITS, 'all', readPaged(readDeposit)],
  [WITHDRAWALS, 'all', readPaged(readWithdrawal)],
  [DIVIDENDS, 'all', readDividends],
  [DUST, 'all', readDust],
  ...WALLETS.flatMap((wallet) => [
    [TRANSFERS, `MAIN_${wallet}`, readTransfers(`MAIN_${wallet}`, -1n)] as const,
    [TRANSFERS, `${wallet}_MAIN`, readTransfers(`${wallet}_MAIN`, 1n)] as const,
  ]),
];
