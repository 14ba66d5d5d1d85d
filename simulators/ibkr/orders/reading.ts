/** Turns a client's order into terms, or refuses it, even if only for something that is not built here. */
import type { Account } from '../accounts.js';
import { findOne, type Instrument } from '../contracts.js';
import { ticksOf } from '../decimals.js';
import { type Refused, refused } from '../refusal.js';
import type { Simulation } from '../simulation.js';
import type { ValuesOf } from '../wire/fields.js';
import type { PLACE_ORDER } from '../wire/from-client.js';
import { ORDER_TYPES, type OrderType, type Terms, TIMES_IN_FORCE } from './order.js';
import * as said from './refusals.js';

export type Asked = ValuesOf<typeof PLACE_ORDER.fields>;

const TYPE_NAMES: Readonly<Record<string, OrderType>> = {
  ...Object.fromEntries(ORDER_TYPES.map((one) => [one, one])),
  STPLMT: 'STP LMT',
};

/**
 * Fields that would change what an order does and are not built: each must have its neutral value, or the order is
 * refused.
 */
const AT_REST: readonly (keyof Asked)[] = [
  'secIdType',
  'secId',
  'blockOrder',
  'sweepToFill',
  'displaySize',
  'triggerMethod',
  'hidden',
  'sharesAllocation',
  'discretionaryAmt',
  'goodAfterTime',
  'goodTillDate',
  'faGroup',
  'faMethod',
  'faPercentage',
  'faProfile',
  'modelCode',
  'shortSaleSlot',
  'designatedLocation',
  'rule80A',
  'allOrNone',
  'minQty',
  'percentOffset',
  'eTradeOnly',
  'firmQuoteOnly',
  'nbboPriceCap',
  'auctionStrategy',
  'startingPrice',
  'stockRefPrice',
  'delta',
  'stockRangeLower',
  'stockRangeUpper',
  'volatility',
  'deltaNeutralOrderType',
  'deltaNeutralContract',
  'trailStopPrice',
  'trailingPercent',
  'scaleInitLevelSize',
  'scaleSubsLevelSize',
  'scalePriceIncrement',
  'scaleTable',
  'activeStartTime',
  'activeStopTime',
  'hedgeType',
  'notHeld',
  'algoStrategy',
  'randomizeSize',
  'randomizePrice',
  'conditions',
  'adjustedOrderType',
  'cashQty',
  'isOmsContainer',
  'discretionaryUpToLimitPrice',
  'duration',
  'postToAts',
  'minTradeQty',
  'includeOvernight',
];

function isAtRest(value: Asked[keyof Asked]): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === null || value === '' || value === '0' || value === 0 || value === false;
}

/** `parentOf` finds an open order of the same client. */
export function readOrder(
  simulation: Simulation,
  asked: Asked,
  parentOf: (orderId: number) => Terms['parent'],
): Terms | Refused {
  const result = findOne(simulation.instruments, asked, simulation.nowMs(), false);
  if (!('one' in result)) return refused.contract(result.code, result.cause);
  const unbuilt = AT_REST.find((name) => !isAtRest(asked[name]));
  if (unbuilt !== undefined) return refused.validating(`${unbuilt} is not built here`);
  const account = accountOf(simulation, asked.account);
  if ('code' in account) return account;
  if (asked.action !== 'BUY' && asked.action !== 'SELL')
    return refused.validating(`Invalid side: ${asked.action}`);
  const quantity = readQuantity(asked.totalQuantity);
  if (typeof quantity !== 'number') return quantity;
  const prices = readPrices(asked, result.one);
  if ('code' in prices) return prices;
  const tif = TIMES_IN_FORCE.find((one) => one === (asked.tif === '' ? 'DAY' : asked.tif));
  if (tif === undefined) return said.invalidTif(asked.tif);
  const ocaType = asked.ocaType ?? 0;
  if (ocaType < 0 || ocaType > 3) return refused.validating(`Invalid OCA type ${ocaType}`);
  const parent = asked.parentId === null || asked.parentId === 0 ? null : parentOf(asked.parentId);
  if (parent === null && asked.parentId !== null && asked.parentId !== 0)
    return said.noParent(asked.parentId);
  return {
    account,
    instrument: result.one,
    exchange: asked.exchange,
    action: asked.action,
    quantity,
    ...prices,
    tif,
    outsideRth: asked.outsideRth,
    parent,
    ocaGroup: asked.ocaGroup,
    ocaType: ocaType === 0 ? 3 : ocaType,
    orderRef: asked.orderRef,
    transmit: asked.transmit,
  };
}

function accountOf({ accounts }: Simulation, code: string): Account | Refused {
  const [first] = accounts.values();
  if (code === '' && accounts.size > 1) return said.NO_ACCOUNT;
  const found = code === '' ? first : accounts.get(code);
  return found ?? refused.validating(`Invalid account code '${code}'`);
}

function readQuantity(text: string | null): number | Refused {
  const quantity = Number(text ?? 0);
  if (quantity === 0) return said.NO_SIZE;
  if (!Number.isInteger(quantity)) return said.FRACTION;
  return quantity < 0 ? refused.validating(`Invalid order size: ${text}`) : quantity;
}

function readPrices(
  { orderType, lmtPrice, auxPrice }: Asked,
  { tick }: Instrument,
): Pick<Terms, 'type' | 'limit' | 'stop'> | Refused {
  const type = TYPE_NAMES[orderType];
  if (type === undefined) return said.UNSUPPORTED_TYPE;
  const hasLimit = type === 'LMT' || type === 'STP LMT';
  const hasStop = type === 'STP' || type === 'STP LMT';
  if (hasStop && Number(auxPrice ?? 0) <= 0) return said.BAD_STOP;
  if (hasLimit && lmtPrice === null) return refused.validating('Missing limit price');
  try {
    return {
      type,
      limit: hasLimit ? ticksOf(lmtPrice ?? '', tick) : null,
      stop: hasStop ? ticksOf(auxPrice ?? '', tick) : null,
    };
  } catch {
    return said.OFF_TICK;
  }
}
