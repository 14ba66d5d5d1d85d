/** The wallet's lists (`/sapi`): movements without a trade. Amounts are printed without trailing zeros there. */
import { type ApiKey, balanceOf } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Movement } from '../exchange/movements.js';
import { formatUnits } from '../units.js';
import type { Parameters } from './parameters.js';
import { invalidValue, Refusal } from './refusal.js';

type Query = (exchange: Exchange, key: ApiKey, parameters: Parameters) => unknown;
type Kind = Movement['kind'];
type Of<K extends Kind> = Extract<Movement, { kind: K }>;

const DAY_MS = 86_400_000;
/** The longest span of one request for deposits and withdrawals. */
const SPAN_MAX_MS = 90 * DAY_MS;
const COMPLETED_DEPOSIT = 1;
const COMPLETED_WITHDRAWAL = 6;

function amount(value: bigint): string {
  return formatUnits(value).replace(/\.?0+$/, '');
}

/** The time format of withdrawals: UTC, to the second. */
function writtenTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

function readSpan(exchange: Exchange, parameters: Parameters, maxMs: number): Span {
  const start = parameters.time('startTime');
  const endMs = parameters.time('endTime') ?? exchange.nowMs();
  const startMs = start ?? endMs - maxMs;
  if (endMs - startMs > maxMs) {
    throw new Refusal(-1127, `More than ${(maxMs / DAY_MS) * 24} hours between startTime and endTime.`);
  }
  return { startMs, endMs };
}

/** Newest first, as in the wallet's lists. */
function movementsOf<K extends Kind>(
  exchange: Exchange,
  key: ApiKey,
  kind: K,
  { startMs, endMs }: Span,
): Of<K>[] {
  return exchange
    .account(key.account)
    .movements.filter(
      (one): one is Of<K> => one.kind === kind && one.timeMs >= startMs && one.timeMs <= endMs,
    )
    .reverse();
}

function page<T>(parameters: Parameters): (rows: readonly T[]) => readonly T[] {
  const offset = parameters.integer('offset') ?? 0;
  const limit = parameters.limit(1000, 1000);
  return (rows) => rows.slice(offset, offset + limit);
}

export const deposits: Query = (exchange, key, parameters) => {
  const span = readSpan(exchange, parameters, SPAN_MAX_MS);
  const coin = parameters.optional('coin');
  const status = parameters.integer('status');
  const paged = page<Of<'deposit'>>(parameters);
  for (const name of ['txId', 'includeSource']) parameters.optional(name);
  parameters.finish();
  const found = movementsOf(exchange, key, 'deposit', span).filter(
    ({ asset }) => (coin === null || asset === coin) && (status ?? COMPLETED_DEPOSIT) === COMPLETED_DEPOSIT,
  );
  return paged(found).map((one) => ({
    id: String(one.id),
    amount: amount(one.amount),
    coin: one.asset,
    network: one.asset,
    status: COMPLETED_DEPOSIT,
    address: `simulated-${one.asset.toLowerCase()}`,
    addressTag: '',
    txId: `deposit-${one.id}`,
    insertTime: one.timeMs,
    completeTime: one.timeMs,
    transferType: 0,
    confirmTimes: '1/1',
    unlockConfirm: 0,
    walletType: 0,
    travelRuleStatus: 0,
  }));
};

export const withdrawals: Query = (exchange, key, parameters) => {
  const span = readSpan(exchange, parameters, SPAN_MAX_MS);
  const coin = parameters.optional('coin');
  const status = parameters.integer('status');
  const paged = page<Of<'withdrawal'>>(parameters);
  for (const name of ['withdrawOrderId', 'idList']) parameters.optional(name);
  parameters.finish();
  const found = movementsOf(exchange, key, 'withdrawal', span).filter(
    ({ asset }) =>
      (coin === null || asset === coin) && (status ?? COMPLETED_WITHDRAWAL) === COMPLETED_WITHDRAWAL,
  );
  return paged(found).map((one) => ({
    id: `withdrawal${one.id}`,
    amount: amount(one.amount),
    transactionFee: amount(one.fee),
    coin: one.asset,
    status: COMPLETED_WITHDRAWAL,
    address: `simulated-${one.asset.toLowerCase()}`,
    txId: `withdrawal-${one.id}`,
    applyTime: writtenTime(one.timeMs),
    network: one.asset,
    transferType: 0,
    info: '',
    confirmNo: 1,
    walletType: 0,
    txKey: '',
    completeTime: writtenTime(one.timeMs),
  }));
};

export const dividends: Query = (exchange, key, parameters) => {
  const span = readSpan(exchange, parameters, 180 * DAY_MS);
  const asset = parameters.optional('asset');
  const limit = parameters.limit(20, 500);
  parameters.finish();
  const found = movementsOf(exchange, key, 'dividend', span).filter(
    (one) => asset === null || one.asset === asset,
  );
  return {
    rows: found.slice(0, limit).map((one) => ({
      id: one.id,
      amount: amount(one.amount),
      asset: one.asset,
      divTime: one.timeMs,
      enInfo: one.info,
      tranId: one.id,
      direction: 1,
    })),
    total: found.length,
  };
};

const DUST_KEPT = 100;

export const dustConversions: Query = (exchange, key, parameters) => {
  const span = {
    startMs: parameters.time('startTime') ?? 0,
    endMs: parameters.time('endTime') ?? Number.MAX_SAFE_INTEGER,
  };
  parameters.optional('accountType');
  parameters.finish();
  const found = movementsOf(exchange, key, 'dust', span).slice(0, DUST_KEPT);
  return {
    total: found.length,
    userAssetDribblets: found.map((one) => ({
      operateTime: one.timeMs,
      totalTransferedAmount: amount(one.bnb - one.serviceCharge),
      totalServiceChargeAmount: amount(one.serviceCharge),
      transId: one.id,
      userAssetDribbletDetails: [
        {
          transId: one.id,
          serviceChargeAmount: amount(one.serviceCharge),
          amount: amount(one.amount),
          operateTime: one.timeMs,
          transferedAmount: amount(one.bnb - one.serviceCharge),
          fromAsset: one.asset,
        },
      ],
    })),
  };
};

/** Between this wallet and the funding wallet; other kinds of transfer have no lists here. */
const TRANSFERS: Readonly<Record<string, 'in' | 'out'>> = { FUNDING_MAIN: 'in', MAIN_FUNDING: 'out' };
const TRANSFER_KIND = /^[A-Z]+(_[A-Z]+)+$/;

export const transfers: Query = (exchange, key, parameters) => {
  const type = parameters.required('type');
  const span = readSpan(exchange, parameters, 180 * DAY_MS);
  const current = parameters.integer('current') ?? 1;
  const size = parameters.integer('size') ?? 10;
  for (const name of ['fromSymbol', 'toSymbol']) parameters.optional(name);
  parameters.finish();
  if (!TRANSFER_KIND.test(type)) throw invalidValue('type');
  if (size < 1 || size > 100) throw invalidValue('size');
  const found = movementsOf(exchange, key, 'transfer', span).filter(
    ({ direction }) => direction === TRANSFERS[type],
  );
  return {
    total: found.length,
    rows: found.slice((current - 1) * size, current * size).map((one) => ({
      asset: one.asset,
      amount: amount(one.amount),
      type,
      status: 'CONFIRMED',
      tranId: one.id,
      timestamp: one.timeMs,
    })),
  };
};

export const coins: Query = (exchange, key, parameters) => {
  parameters.finish();
  const account = exchange.account(key.account);
  const listed = [...exchange.markets.values()].flatMap(({ symbol }) => [symbol.base, symbol.quote]);
  return [...new Set([...listed, ...account.balances.keys()])].map((coin) => {
    const { free, locked } = balanceOf(account, coin);
    return {
      coin,
      depositAllEnable: true,
      free: amount(free),
      freeze: '0',
      ipoable: '0',
      ipoing: '0',
      isLegalMoney: false,
      locked: amount(locked),
      name: coin,
      storage: '0',
      trading: true,
      withdrawAllEnable: true,
      withdrawing: '0',
      networkList: [
        {
          network: coin,
          coin,
          name: coin,
          isDefault: true,
          depositEnable: true,
          withdrawEnable: true,
          withdrawFee: '0',
          withdrawMin: '0.00000001',
          withdrawMax: '10000000000',
          withdrawIntegerMultiple: '0.00000001',
          minConfirm: 1,
          unLockConfirm: 0,
          busy: false,
        },
      ],
    };
  });
};

/** What the account holds, without currencies that are zero. */
export const userAssets: Query = (exchange, key, parameters) => {
  const wanted = parameters.optional('asset');
  parameters.optional('needBtcValuation');
  parameters.finish();
  return [...exchange.account(key.account).balances]
    .filter(([asset, { free, locked }]) => free + locked > 0n && (wanted === null || asset === wanted))
    .map(([asset, { free, locked }]) => ({
      asset,
      free: amount(free),
      locked: amount(locked),
      freeze: '0',
      withdrawing: '0',
      ipoable: '0',
      btcValuation: '0',
    }));
};

export const assetDetails: Query = (exchange, _key, parameters) => {
  const wanted = parameters.optional('asset');
  parameters.finish();
  const listed = [...exchange.markets.values()].flatMap(({ symbol }) => [symbol.base, symbol.quote]);
  const shown = listed.filter((asset) => wanted === null || asset === wanted);
  return Object.fromEntries(
    shown.map((asset) => [
      asset,
      { minWithdrawAmount: '0.00000001', depositStatus: true, withdrawFee: 0, withdrawStatus: true },
    ]),
  );
};

export const accountStatus: Query = (exchange, key, parameters) => {
  parameters.finish();
  return { data: exchange.account(key.account).canTrade ? 'Normal' : 'Locked' };
};

export const tradingStatus: Query = (exchange, key, parameters) => {
  parameters.finish();
  const isLocked = !exchange.account(key.account).canTrade;
  const triggerCondition = { GCR: 150, IFER: 150, UFR: 300 };
  return { data: { isLocked, plannedRecoverTime: 0, triggerCondition, updateTime: 0 } };
};

/** Refuses even a key with the permission: nothing leaves the simulator by request. */
export const withdraw: Query = (_exchange, key) => {
  if (!key.permissions.withdrawals)
    throw new Refusal(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  throw new Refusal(-4026, 'User has insufficient balance');
};
