/** Accounts with their keys, balances and movements of cash. `--help` describes the default ones. */
import type { Movement } from './exchange/movements.js';
import { insufficientBalance } from './requests/refusal.js';
import { units } from './units.js';

export interface KeyPermissions {
  readonly reading: boolean;
  readonly spot: boolean;
  readonly withdrawals: boolean;
  readonly futures: boolean;
  readonly margin: boolean;
  readonly ipRestrict: boolean;
}

export interface ApiKey {
  readonly apiKey: string;
  /** For HMAC keys; empty for a key that was registered with a public key. */
  readonly secret: string;
  readonly account: string;
  readonly permissions: KeyPermissions;
  /** PEM of an RSA or Ed25519 public key; absent for HMAC. */
  readonly publicKey?: string;
}

export interface Balance {
  free: bigint;
  locked: bigint;
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly balances: Map<string, Balance>;
  readonly movements: Movement[];
  /** Fee rates in parts per million. */
  readonly makerPpm: bigint;
  readonly takerPpm: bigint;
  /** The venue's option to take fees from BNB while there is some. */
  feesInBnb: boolean;
  canTrade: boolean;
  updatedMs: number;
}

/** A trade that an account made before the simulator was started. It changes no balance. */
export interface PastTrade {
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: string;
  readonly price: string;
  /** How long before now, in milliseconds. */
  readonly agoMs: number;
  readonly commission?: string;
  readonly commissionAsset?: string;
}

export interface AccountOptions {
  readonly name: string;
  readonly balances: Readonly<Record<string, string>>;
  readonly feesInBnb?: boolean;
  readonly past?: readonly PastTrade[];
}

export const SPOT_ONLY: KeyPermissions = {
  reading: true,
  spot: true,
  withdrawals: false,
  futures: false,
  margin: false,
  ipRestrict: true,
};

/** Sixty-four characters, like the venue's own keys. */
export const padded = (name: string) => name.padEnd(64, '0');

export const DEFAULT_ACCOUNTS: readonly AccountOptions[] = [
  { name: 'desk', balances: { USDT: '10000' } },
  { name: 'other', balances: { USDT: '1000000', BTC: '10', ETH: '100', BNB: '100', SOL: '1000' } },
];

const HOUR_MS = 3_600_000;
const COINS_BEFORE = { BTC: '0.05', ETH: '1.5', SOL: '20' };

/**
 * The default accounts; `desk` has a past: this many trades, an hour apart, and coins that nothing explains.
 */
export function usedBefore(trades: number): readonly AccountOptions[] {
  const past = Array.from(
    { length: trades },
    (_, at): PastTrade => ({
      symbol: at % 3 === 0 ? 'ETHUSDT' : 'BTCUSDT',
      side: at % 2 === 0 ? 'BUY' : 'SELL',
      quantity: at % 3 === 0 ? '0.5' : '0.02',
      // Far from today's price, as old prices are.
      price: at % 3 === 0 ? '1250' : '21000',
      agoMs: (trades - at) * HOUR_MS,
    }),
  );
  return DEFAULT_ACCOUNTS.map((account) =>
    account.name === 'desk'
      ? { ...account, balances: { ...account.balances, ...COINS_BEFORE }, past }
      : account,
  );
}

export const DEFAULT_KEYS: readonly ApiKey[] = [
  {
    apiKey: padded('simDeskTrading'),
    secret: padded('simDeskTradingSecret'),
    account: 'desk',
    permissions: SPOT_ONLY,
  },
  {
    apiKey: padded('simDeskReading'),
    secret: padded('simDeskReadingSecret'),
    account: 'desk',
    permissions: { ...SPOT_ONLY, spot: false },
  },
  {
    apiKey: padded('simDeskWithdrawing'),
    secret: padded('simDeskWithdrawingSecret'),
    account: 'desk',
    permissions: { ...SPOT_ONLY, withdrawals: true },
  },
  {
    apiKey: padded('simOtherTrading'),
    secret: padded('simOtherTradingSecret'),
    account: 'other',
    permissions: SPOT_ONLY,
  },
];

export function openAccount(options: AccountOptions, uid: number, nowMs: number): Account {
  const balances = new Map(
    Object.entries(options.balances).map(([asset, free]) => [asset, { free: units(free), locked: 0n }]),
  );
  return {
    name: options.name,
    uid,
    balances,
    movements: [],
    makerPpm: 1000n,
    takerPpm: 1000n,
    feesInBnb: options.feesInBnb ?? false,
    canTrade: true,
    updatedMs: nowMs,
  };
}

export function balanceOf(account: Account, asset: string): Balance {
  let balance = account.balances.get(asset);
  if (balance === undefined) {
    balance = { free: 0n, locked: 0n };
    account.balances.set(asset, balance);
  }
  return balance;
}

/** Moves an amount from free to locked; throws a refusal if there is too little. */
export function lock(account: Account, asset: string, amount: bigint): void {
  const balance = balanceOf(account, asset);
  if (balance.free < amount) throw insufficientBalance();
  balance.free -= amount;
  balance.locked += amount;
}

export function unlock(account: Account, asset: string, amount: bigint): void {
  const balance = balanceOf(account, asset);
  balance.locked -= amount;
  balance.free += amount;
}
