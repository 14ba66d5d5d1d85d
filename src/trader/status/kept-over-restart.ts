import { isPaperAccount } from '../../domain/account-name.js';

/**
 * What a restart does to positions and orders; said at every start, since other bots lose a paper account
 * here. `account`: its name; null: not known yet.
 */
export function keptOverRestart(trading: 'paper' | 'live', account: string | null): string {
  return trading === 'paper' && (account === null || isPaperAccount(account))
    ? 'paper positions, orders and cash are kept over a restart; fermata paper reset begins anew'
    : 'positions and orders are the exchange’s; a restart reads them back and compares them with its own';
}
