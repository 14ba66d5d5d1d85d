/** What a step of an incident's own playbook can do to trading, beside the actions of routines: only ever less of it. */
export const TRADING_ACTIONS = ['halt', 'stop', 'close-all', 'restart-trader', 'restore-database'] as const;

export type TradingAction = (typeof TRADING_ACTIONS)[number];

export const isTradingAction = (action: string | undefined): action is TradingAction =>
  TRADING_ACTIONS.some((one) => one === action);
