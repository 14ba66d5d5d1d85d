/** What an account has and may do: balances, rate limits, filters, permissions of its key. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import { symbolFilters } from '../exchange/symbols.js';
import { formatUnits } from '../units.js';
import type { Parameters } from './parameters.js';
import { readSymbol } from './read-order.js';
import { invalidValue } from './refusal.js';

type Query = (exchange: Exchange, key: ApiKey, parameters: Parameters) => unknown;

const rate = (ppm: bigint) => formatUnits(ppm * 100n);

export const accountInfo: Query = (exchange, key, parameters) => {
  const hideEmpty = parameters.optional('omitZeroBalances') === 'true';
  parameters.finish();
  const account = exchange.account(key.account);
  const balances = [...account.balances]
    .filter(([, { free, locked }]) => !hideEmpty || free + locked > 0n)
    .map(([asset, { free, locked }]) => ({ asset, free: formatUnits(free), locked: formatUnits(locked) }));
  return {
    makerCommission: Number(account.makerPpm / 100n),
    takerCommission: Number(account.takerPpm / 100n),
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: {
      maker: rate(account.makerPpm),
      taker: rate(account.takerPpm),
      buyer: rate(0n),
      seller: rate(0n),
    },
    canTrade: account.canTrade,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: account.updatedMs,
    accountType: 'SPOT',
    balances,
    permissions: ['SPOT'],
    uid: account.uid,
  };
};

export const commissionRates: Query = (exchange, key, parameters) => {
  const { name } = readSymbol(exchange, parameters).symbol;
  parameters.finish();
  const { makerPpm, takerPpm, feesInBnb } = exchange.account(key.account);
  const none = { maker: rate(0n), taker: rate(0n), buyer: rate(0n), seller: rate(0n) };
  return {
    symbol: name,
    standardCommission: { ...none, maker: rate(makerPpm), taker: rate(takerPpm) },
    specialCommission: none,
    taxCommission: none,
    discount: {
      enabledForAccount: feesInBnb,
      enabledForSymbol: true,
      discountAsset: 'BNB',
      discount: '0.75000000',
    },
  };
};

/** The account's setting to pay fees in BNB, which the wallet shows and changes. */
export const bnbBurn: Query = (exchange, key, parameters) => {
  parameters.finish();
  return { spotBNBBurn: exchange.account(key.account).feesInBnb, interestBNBBurn: false };
};

export const setBnbBurn: Query = (exchange, key, parameters) => {
  const spot = parameters.optional('spotBNBBurn');
  const interest = parameters.optional('interestBNBBurn');
  parameters.finish();
  for (const [name, value] of Object.entries({ spotBNBBurn: spot, interestBNBBurn: interest }))
    if (value !== null && value !== 'true' && value !== 'false') throw invalidValue(name);
  const account = exchange.account(key.account);
  if (spot !== null) account.feesInBnb = spot === 'true';
  return { spotBNBBurn: account.feesInBnb, interestBNBBurn: false };
};

export const tradeFees: Query = (exchange, key, parameters) => {
  const symbol = parameters.optional('symbol');
  parameters.finish();
  const { makerPpm, takerPpm } = exchange.account(key.account);
  const names = symbol === null ? [...exchange.markets.keys()] : [exchange.market(symbol).symbol.name];
  return names.map((name) => ({
    symbol: name,
    makerCommission: short(rate(makerPpm)),
    takerCommission: short(rate(takerPpm)),
  }));
};

/** The wallet prints no trailing zeros. */
function short(text: string): string {
  return text.replace(/\.?0+$/, '');
}

export const unfilledOrders: Query = (exchange, key, parameters) => {
  parameters.finish();
  return exchange.orderCounts.shown(key.account);
};

export const myFilters: Query = (exchange, _key, parameters) => {
  const { symbol } = readSymbol(exchange, parameters);
  parameters.finish();
  return { exchangeFilters: [], symbolFilters: symbolFilters(symbol), assetFilters: [] };
};

export const apiRestrictions: Query = (_exchange, key, parameters) => {
  parameters.finish();
  const { reading, spot, withdrawals, futures, margin, ipRestrict } = key.permissions;
  return {
    ipRestrict,
    createTime: 1_700_000_000_000,
    enableReading: reading,
    enableWithdrawals: withdrawals,
    enableInternalTransfer: false,
    enableMargin: margin,
    enableFutures: futures,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: false,
    enableSpotAndMarginTrading: spot,
    enablePortfolioMarginTrading: false,
  };
};
