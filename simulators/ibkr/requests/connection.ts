/** Time, ids and accounts. */
import { REQ_CURRENT_TIME, REQ_IDS, REQ_MANAGED_ACCTS } from '../wire/from-client.js';
import { CURRENT_TIME } from '../wire/to-client.js';
import { on } from './handler.js';

export const CONNECTION_HANDLERS = [
  on(REQ_CURRENT_TIME, (session) =>
    session.send(CURRENT_TIME, { time: Math.floor(session.simulation.nowMs() / 1000) }),
  ),
  on(REQ_IDS, (session) => session.sendNextOrderId()),
  on(REQ_MANAGED_ACCTS, (session) => session.sendAccounts()),
];
