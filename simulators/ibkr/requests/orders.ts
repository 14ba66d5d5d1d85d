/** Orders. The Gateway stands on "Read-Only API" as long as there is no book here: none is taken, none is there. */
import { refused } from '../refusal.js';
import {
  CANCEL_ORDER,
  PLACE_ORDER,
  REQ_ALL_OPEN_ORDERS,
  REQ_AUTO_OPEN_ORDERS,
  REQ_COMPLETED_ORDERS,
  REQ_EXECUTIONS,
  REQ_GLOBAL_CANCEL,
  REQ_OPEN_ORDERS,
} from '../wire/from-client.js';
import { COMPLETED_ORDERS_END, EXECUTION_DATA_END, OPEN_ORDER_END } from '../wire/to-client.js';
import { on } from './handler.js';

const READ_ONLY = refused.validating('The API interface is currently in Read-Only mode.');

const NOT_CLIENT_0 = {
  code: 327,
  text: 'Only API connections with clientId set to 0 can set the auto bind TWS orders property.',
};

export const ORDER_HANDLERS = [
  on(PLACE_ORDER, (session, { orderId }) => session.error(orderId, READ_ONLY)),
  on(CANCEL_ORDER, (session, { orderId }) => session.error(orderId, READ_ONLY)),
  on(REQ_GLOBAL_CANCEL, (session) => session.error(null, READ_ONLY)),
  on(REQ_AUTO_OPEN_ORDERS, (session) => {
    if (session.clientId !== 0) session.error(null, NOT_CLIENT_0);
  }),
  on(REQ_OPEN_ORDERS, (session) => session.send(OPEN_ORDER_END, {})),
  on(REQ_ALL_OPEN_ORDERS, (session) => session.send(OPEN_ORDER_END, {})),
  on(REQ_COMPLETED_ORDERS, (session) => session.send(COMPLETED_ORDERS_END, {})),
  on(REQ_EXECUTIONS, (session, { reqId }) => session.send(EXECUTION_DATA_END, { reqId })),
];
