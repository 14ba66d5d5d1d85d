/** Contract details: 9, answered by 10 for each contract and 52. */
import { findContracts, type Instrument } from '../contracts.js';
import { hoursText } from '../hours.js';
import { refused } from '../refusal.js';
import type { Session } from '../session.js';
import { REQ_CONTRACT_DATA } from '../wire/from-client.js';
import { CONTRACT_DATA, CONTRACT_DATA_END } from '../wire/to-client.js';
import { on } from './handler.js';

const ORDER_TYPES =
  'ACTIVETIM,AD,ADJUST,ALERT,AVGCOST,BASKET,COND,DAY,GAT,GTC,GTD,LMT,LOC,MIT,MKT,MOC,OCA,STP,STPLMT,TRAIL,WHATIF';

export const CONTRACT_HANDLERS = [
  on(REQ_CONTRACT_DATA, (session, asked) => {
    const { simulation } = session;
    const result = findContracts(simulation.instruments, asked, simulation.nowMs());
    if (!('found' in result)) {
      session.error(asked.reqId, refused.contract(result.code, result.cause));
      return;
    }
    for (const one of result.found) sendDetails(session, asked.reqId, one, result.continuous);
    session.send(CONTRACT_DATA_END, { reqId: asked.reqId });
  }),
];

function sendDetails(session: Session, reqId: number | null, one: Instrument, continuous: boolean): void {
  const nowMs = session.simulation.nowMs();
  const future = one.secType === 'FUT';
  session.send(CONTRACT_DATA, {
    reqId,
    symbol: one.symbol,
    secType: continuous ? 'CONTFUT' : one.secType,
    lastTradeDateOrContractMonth: one.expiry,
    lastTradeDate: one.expiry,
    strike: '0',
    right: '',
    exchange: one.exchange,
    currency: one.currency,
    localSymbol: one.localSymbol,
    marketName: one.tradingClass,
    tradingClass: one.tradingClass,
    conId: one.conId,
    minTick: one.minTick.text,
    mdSizeMultiplier: 1,
    multiplier: future ? String(one.multiplier) : '',
    orderTypes: ORDER_TYPES,
    validExchanges: one.validExchanges.join(','),
    priceMagnifier: one.priceMagnifier,
    underConId: one.underConId,
    longName: one.longName,
    primaryExchange: one.primaryExchange,
    contractMonth: one.month,
    industry: future ? '' : 'Technology',
    category: future ? '' : 'Computers',
    subcategory: future ? '' : 'Computers',
    timeZoneId: one.schedule.zone,
    tradingHours: hoursText(one.schedule, nowMs, false),
    liquidHours: hoursText(one.schedule, nowMs, true),
    evRule: '',
    evMultiplier: '0',
    secIdList: [],
    aggGroup: future ? 2147483647 : 1,
    underSymbol: future ? one.symbol : '',
    underSecType: future ? 'IND' : '',
    marketRuleIds: one.validExchanges.map(() => (future ? '67' : '26')).join(','),
    realExpirationDate: one.expiry,
    stockType: future ? '' : 'COMMON',
    sizeMinTick: '1',
    minSize: '1',
    sizeIncrement: '1',
    suggestedSizeIncrement: future ? '1' : '100',
    ineligibilityReasons: [],
  });
}
