/** Names of accounts. Each price source has its own paper account. */

/** The account of journals and configurations that name none. */
export const PAPER_ACCOUNT = 'paper';

/** `identity`: identity of the price source. */
export function paperAccount(identity: string): string {
  return `${PAPER_ACCOUNT}/${identity}`;
}

/** Identity of the price source that the paper account belongs to. Null: the account names none. */
export function priceSourceOf(account: string): string | null {
  const start = paperAccount('');
  return account.startsWith(start) ? account.slice(start.length) : null;
}

export function isPaperAccount(account: string): boolean {
  return account === PAPER_ACCOUNT || account.startsWith(`${PAPER_ACCOUNT}/`);
}

/**
 * What a restart does to positions and orders; said at every start, since other bots lose a paper account
 * here. `account`: its name; null: not known yet.
 */
export function keptOverRestart(trading: 'paper' | 'live', account: string | null): string {
  return trading === 'paper' && (account === null || isPaperAccount(account))
    ? 'paper positions, orders and cash are kept over a restart; fermata paper reset begins anew'
    : 'positions and orders are the exchange’s; a restart reads them back and compares them with its own';
}

export const MONEY_AT_STAKE = ['paper money', 'simulator money', 'test money', 'real money'] as const;
export type MoneyAtStake = (typeof MONEY_AT_STAKE)[number];

/**
 * Money counts as real unless it is known to be play money. `account`: as the trader reports it; null while
 * it reports none. A venue account's name ends in its kind: `Venue testnet`, `Venue simulator`.
 */
export function moneyAtStake(trading: 'paper' | 'live', account: string | null): MoneyAtStake {
  if (trading === 'paper') return 'paper money';
  if (account?.endsWith(' simulator')) return 'simulator money';
  return account?.endsWith(' testnet') ? 'test money' : 'real money';
}
