/** POST order/cancelReplace: one request with two results, each reported. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import { checkFilters } from '../exchange/filters.js';
import { type Cancel, cancel, readRestriction, readTarget } from './cancel-order.js';
import type { Parameters } from './parameters.js';
import { place } from './place-order.js';
import { readClientId, readOrder, readResponse, readSymbol } from './read-order.js';
import { invalidValue, notForSymbol, Refusal } from './refusal.js';

interface Half {
  readonly result: 'SUCCESS' | 'FAILURE' | 'NOT_ATTEMPTED';
  readonly response: object | null;
}

export function cancelReplace(exchange: Exchange, { account }: ApiKey, parameters: Parameters): object {
  const market = readSymbol(exchange, parameters);
  if (!market.symbol.cancelReplaceAllowed) throw notForSymbol('Order cancel-replace is');
  const mode = readMode(parameters);
  const wanted: Cancel = {
    ...readTarget(parameters, market.symbol.name, ['cancelOrderId', 'cancelOrigClientOrderId']),
    cancelId: readClientId(parameters, 'cancelNewClientOrderId'),
    restriction: readRestriction(parameters),
  };
  const request = readOrder(exchange, market, parameters);
  const response = readResponse(parameters, request.kind);
  const limitMode = readLimitMode(parameters);
  parameters.finish();
  // Filters and the order count are checked before both halves: a refusal leaves the old order as it is.
  checkFilters(exchange, account, request);
  const tooMany = refusalOf(() => exchange.orderCounts.check(account, 1));
  if (tooMany !== null && limitMode !== 'CANCEL_ONLY') throw tooMany;
  const cancelled = half(() => cancel(exchange, account, wanted));
  let placed: Half = { result: 'NOT_ATTEMPTED', response: null };
  if (tooMany !== null) {
    if (cancelled.result === 'SUCCESS') placed = { result: 'FAILURE', response: tooMany.body };
  } else if (cancelled.result === 'SUCCESS' || mode === 'ALLOW_FAILURE') {
    placed = half(() => place(exchange, account, request, response));
  } else exchange.orderCounts.accepted(account);
  return answer(cancelled, placed, tooMany);
}

function readMode(parameters: Parameters): 'STOP_ON_FAILURE' | 'ALLOW_FAILURE' {
  const name = 'cancelReplaceMode';
  parameters.required(name);
  const modes = ['STOP_ON_FAILURE', 'ALLOW_FAILURE'] as const;
  return parameters.oneOf(name, modes, () => invalidValue(name)) ?? 'STOP_ON_FAILURE';
}

function readLimitMode(parameters: Parameters): 'DO_NOTHING' | 'CANCEL_ONLY' {
  const name = 'orderRateLimitExceededMode';
  const modes = ['DO_NOTHING', 'CANCEL_ONLY'] as const;
  return parameters.oneOf(name, modes, () => invalidValue(name)) ?? 'DO_NOTHING';
}

function refusalOf(work: () => void): Refusal | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function half(work: () => object): Half {
  let response: object = {};
  const refusal = refusalOf(() => {
    response = work();
  });
  return refusal === null ? { result: 'SUCCESS', response } : { result: 'FAILURE', response: refusal.body };
}

function answer(cancelled: Half, placed: Half, tooMany: Refusal | null): object {
  const data = {
    cancelResult: cancelled.result,
    newOrderResult: placed.result,
    cancelResponse: cancelled.response,
    newOrderResponse: placed.response,
  };
  if (cancelled.result === 'SUCCESS' && placed.result === 'SUCCESS') return data;
  if (cancelled.result !== 'SUCCESS' && placed.result !== 'SUCCESS') {
    const status = tooMany?.status ?? 400;
    throw new Refusal(-2022, 'Order cancel-replace failed.', status, {}, data);
  }
  throw new Refusal(-2021, 'Order cancel-replace partially failed.', tooMany?.status ?? 409, {}, data);
}
