/** Whose money is traded, by name. Each price source has a paper account of its own. */

/** Of journals and configurations that name none. */
export const PAPER_ACCOUNT = 'paper';

/** `identity`: of the price source. */
export function paperAccount(identity: string): string {
  return `${PAPER_ACCOUNT}/${identity}`;
}

export function isPaperAccount(account: string): boolean {
  return account === PAPER_ACCOUNT || account.startsWith(`${PAPER_ACCOUNT}/`);
}

/** With `mode: live`, by where the orders go. */
export const EXCHANGE_ACCOUNTS = {
  live: 'Binance spot',
  testnet: 'Binance spot testnet',
  simulator: 'Binance simulator',
} as const;

export type MoneyAtStake = 'paper money' | 'simulator money' | 'test money' | 'real money';

/** What is not known to be play money is real. `account`: as the trader says it; null while it does not. */
export function moneyAtStake(trading: 'paper' | 'live', account: string | null): MoneyAtStake {
  if (trading === 'paper') return 'paper money';
  if (account === EXCHANGE_ACCOUNTS.simulator) return 'simulator money';
  return account === EXCHANGE_ACCOUNTS.testnet ? 'test money' : 'real money';
}
