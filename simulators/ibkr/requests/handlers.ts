/** The handler of each message that a client may send. */
import { ACCOUNT_HANDLERS } from './accounts.js';
import { CONNECTION_HANDLERS } from './connection.js';
import { CONTRACT_HANDLERS } from './contract-details.js';
import type { Handler } from './handler.js';
import { HISTORY_HANDLERS } from './history.js';
import { MARKET_DATA_HANDLERS } from './market-data.js';
import { ORDER_HANDLERS } from './orders.js';

export const HANDLERS: ReadonlyMap<number, Handler> = new Map(
  [
    ...CONNECTION_HANDLERS,
    ...ACCOUNT_HANDLERS,
    ...CONTRACT_HANDLERS,
    ...MARKET_DATA_HANDLERS,
    ...HISTORY_HANDLERS,
    ...ORDER_HANDLERS,
  ].map((handler) => [handler.id, handler]),
);
