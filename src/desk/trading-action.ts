/**
 * What a step of the desk's own incident playbooks can do to trading, in addition to the actions of routines: only ever
 * reduce it.
 */
export const TRADING_ACTIONS = ['halt', 'stop', 'close-all', 'restart-trader', 'restore-database'] as const;

export type TradingAction = (typeof TRADING_ACTIONS)[number];

export const isTradingAction = (action: string | undefined): action is TradingAction =>
  TRADING_ACTIONS.some((one) => one === action);
