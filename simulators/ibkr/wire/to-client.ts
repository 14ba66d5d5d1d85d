/** Messages from TWS, field by field. */
import { bool, dec, each, given, int, message, NO_AMOUNT, str, version } from './fields.js';
import { CONDITIONS, DELTA_NEUTRAL_CONTRACT, PEGGED_TO_BENCHMARK, SCALE, TAG_VALUES } from './order-parts.js';
import { SINCE } from './versions.js';

/** A contract in positions and executions. */
const CONTRACT = [
  int('conId'),
  str('symbol'),
  str('secType'),
  str('lastTradeDateOrContractMonth'),
  dec('strike'),
  str('right'),
  str('multiplier'),
  str('exchange'),
  str('currency'),
  str('localSymbol'),
  str('tradingClass'),
] as const;

export const MANAGED_ACCTS = message(15, 'managedAccounts', [version(1), str('accounts')]);
export const NEXT_VALID_ID = message(9, 'nextValidId', [version(1), int('orderId')]);
export const CURRENT_TIME = message(49, 'currentTime', [version(1), int('time')]);
export const ERR_MSG = message(4, 'error', [
  version(2),
  int('id'),
  int('code'),
  str('text'),
  str('advancedOrderReject', { since: SINCE.ADVANCED_ORDER_REJECT, otherwise: '' }),
]);

export const ACCOUNT_SUMMARY = message(63, 'accountSummary', [
  version(1),
  int('reqId'),
  str('account'),
  str('tag'),
  str('value'),
  str('currency'),
]);
export const ACCOUNT_SUMMARY_END = message(64, 'accountSummaryEnd', [version(1), int('reqId')]);
export const POSITION = message(61, 'position', [
  version(3),
  str('account'),
  ...CONTRACT,
  dec('position'),
  dec('avgCost'),
]);
export const POSITION_END = message(62, 'positionEnd', [version(1)]);
export const ACCT_VALUE = message(6, 'updateAccountValue', [
  version(2),
  str('key'),
  str('value'),
  str('currency'),
  str('account'),
]);
export const PORTFOLIO_VALUE = message(7, 'updatePortfolio', [
  version(8),
  int('conId'),
  str('symbol'),
  str('secType'),
  str('lastTradeDateOrContractMonth'),
  dec('strike'),
  str('right'),
  str('multiplier'),
  str('primaryExchange'),
  str('currency'),
  str('localSymbol'),
  str('tradingClass'),
  dec('position'),
  dec('marketPrice'),
  dec('marketValue'),
  dec('averageCost'),
  dec('unrealizedPNL'),
  dec('realizedPNL'),
  str('account'),
]);
export const ACCT_UPDATE_TIME = message(8, 'updateAccountTime', [version(1), str('time')]);
export const ACCT_DOWNLOAD_END = message(54, 'accountDownloadEnd', [version(1), str('account')]);
export const ACCOUNT_UPDATE_MULTI = message(73, 'accountUpdateMulti', [
  version(1),
  int('reqId'),
  str('account'),
  str('modelCode'),
  str('key'),
  str('value'),
  str('currency'),
]);
export const ACCOUNT_UPDATE_MULTI_END = message(74, 'accountUpdateMultiEnd', [version(1), int('reqId')]);
export const PNL = message(94, 'pnl', [
  int('reqId'),
  dec('dailyPnL'),
  dec('unrealizedPnL'),
  dec('realizedPnL'),
]);

export const CONTRACT_DATA = message(10, 'contractDetails', [
  int('version', { oneOf: [8], otherwise: '8', until: SINCE.SIZE_RULES }),
  int('reqId'),
  str('symbol'),
  str('secType'),
  str('lastTradeDateOrContractMonth'),
  str('lastTradeDate', { since: SINCE.LAST_TRADE_DATE }),
  dec('strike'),
  str('right'),
  str('exchange'),
  str('currency'),
  str('localSymbol'),
  str('marketName'),
  str('tradingClass'),
  int('conId'),
  dec('minTick'),
  int('mdSizeMultiplier', { until: SINCE.SIZE_RULES }),
  str('multiplier'),
  str('orderTypes'),
  str('validExchanges'),
  int('priceMagnifier'),
  int('underConId'),
  str('longName'),
  str('primaryExchange'),
  str('contractMonth'),
  str('industry'),
  str('category'),
  str('subcategory'),
  str('timeZoneId'),
  str('tradingHours'),
  str('liquidHours'),
  str('evRule'),
  dec('evMultiplier'),
  each('secIdList', TAG_VALUES),
  int('aggGroup'),
  str('underSymbol'),
  str('underSecType'),
  str('marketRuleIds'),
  str('realExpirationDate'),
  str('stockType'),
  dec('sizeMinTick', { since: SINCE.FRACTIONAL_SIZE_SUPPORT, until: SINCE.SIZE_RULES }),
  dec('minSize', { since: SINCE.SIZE_RULES }),
  dec('sizeIncrement', { since: SINCE.SIZE_RULES }),
  dec('suggestedSizeIncrement', { since: SINCE.SIZE_RULES }),
  each('ineligibilityReasons', [str('id'), str('description')], { since: SINCE.INELIGIBILITY_REASONS }),
]);
export const CONTRACT_DATA_END = message(52, 'contractDetailsEnd', [version(1), int('reqId')]);

export const TICK_REQ_PARAMS = message(81, 'tickReqParams', [
  int('reqId'),
  dec('minTick'),
  str('bboExchange'),
  int('snapshotPermissions'),
]);
export const MARKET_DATA_TYPE = message(58, 'marketDataType', [
  version(1),
  int('reqId'),
  int('marketDataType'),
]);
export const TICK_PRICE = message(1, 'tickPrice', [
  version(6),
  int('reqId'),
  int('tickType'),
  dec('price'),
  dec('size'),
  int('attributes'),
]);
export const TICK_SIZE = message(2, 'tickSize', [version(6), int('reqId'), int('tickType'), dec('size')]);
export const TICK_GENERIC = message(45, 'tickGeneric', [
  version(6),
  int('reqId'),
  int('tickType'),
  dec('value'),
]);
export const TICK_STRING = message(46, 'tickString', [
  version(6),
  int('reqId'),
  int('tickType'),
  str('value'),
]);
export const TICK_SNAPSHOT_END = message(57, 'tickSnapshotEnd', [version(1), int('reqId')]);
export const REAL_TIME_BARS = message(50, 'realtimeBar', [
  version(3),
  int('reqId'),
  int('time'),
  dec('open'),
  dec('high'),
  dec('low'),
  dec('close'),
  dec('volume'),
  dec('wap'),
  int('count'),
]);
export const HISTORICAL_DATA = message(17, 'historicalData', [
  int('reqId'),
  str('start'),
  str('end'),
  each('bars', [
    str('date'),
    dec('open'),
    dec('high'),
    dec('low'),
    dec('close'),
    dec('volume'),
    dec('wap'),
    int('barCount'),
  ]),
]);
export const HISTORICAL_DATA_UPDATE = message(90, 'historicalDataUpdate', [
  int('reqId'),
  int('barCount'),
  str('date'),
  dec('open'),
  dec('close'),
  dec('high'),
  dec('low'),
  dec('wap'),
  dec('volume'),
]);

/** Defaults are what TWS was seen to write for orders that don't use the field. */
const ORDER_OF_CONTRACT = [
  ...CONTRACT,
  str('action'),
  dec('totalQuantity'),
  str('orderType'),
  dec('lmtPrice'),
  dec('auxPrice'),
  str('tif'),
  str('ocaGroup', { otherwise: '' }),
  str('account'),
  str('openClose', { otherwise: '' }),
  int('origin', { otherwise: '0' }),
  str('orderRef', { otherwise: '' }),
] as const;

const FA_AND_MODEL = [
  str('faGroup', { otherwise: '' }),
  str('faMethod', { otherwise: '' }),
  str('faPercentage', { otherwise: '' }),
  str('faProfile', { until: SINCE.FA_PROFILE_DESUPPORT, otherwise: '' }),
  str('modelCode', { otherwise: '' }),
  str('goodTillDate', { otherwise: '' }),
  str('rule80A', { otherwise: '' }),
  dec('percentOffset', { otherwise: '' }),
  str('settlingFirm', { otherwise: '' }),
  int('shortSaleSlot', { otherwise: '0' }),
  str('designatedLocation', { otherwise: '' }),
  int('exemptCode', { otherwise: '-1' }),
] as const;

const BOX_AND_RANGE = [
  dec('startingPrice', { otherwise: '' }),
  dec('stockRefPrice', { otherwise: '' }),
  dec('delta', { otherwise: '' }),
  dec('stockRangeLower', { otherwise: '' }),
  dec('stockRangeUpper', { otherwise: '' }),
  int('displaySize', { otherwise: '2147483647' }),
] as const;

const hasDeltaNeutral = given('deltaNeutralOrderType');
const VOLATILITY = [
  dec('volatility', { otherwise: '' }),
  int('volatilityType', { otherwise: '0' }),
  str('deltaNeutralOrderType', { otherwise: 'None' }),
  dec('deltaNeutralAuxPrice', { otherwise: '' }),
  int('deltaNeutralConId', { when: hasDeltaNeutral, otherwise: '0' }),
] as const;
const SHORT_SALE = [
  bool('deltaNeutralShortSale', { when: hasDeltaNeutral, otherwise: '0' }),
  int('deltaNeutralShortSaleSlot', { when: hasDeltaNeutral, otherwise: '0' }),
  str('deltaNeutralDesignatedLocation', { when: hasDeltaNeutral, otherwise: '' }),
  int('continuousUpdate', { otherwise: '0' }),
  int('referencePriceType', { otherwise: '0' }),
  dec('trailStopPrice', { otherwise: '' }),
  dec('trailingPercent', { otherwise: '' }),
] as const;

const COMBO = [
  str('comboLegsDescrip', { otherwise: '' }),
  each(
    'comboLegs',
    [
      int('conId'),
      int('ratio'),
      str('action'),
      str('exchange'),
      int('openClose'),
      int('shortSaleSlot'),
      str('designatedLocation'),
      int('exemptCode'),
    ],
    { otherwise: '0' },
  ),
  each('orderComboLegs', [dec('price')], { otherwise: '0' }),
  each('smartComboRoutingParams', TAG_VALUES, { otherwise: '0' }),
  ...SCALE,
  str('hedgeType', { otherwise: '' }),
  str('hedgeParam', { when: given('hedgeType'), otherwise: '' }),
] as const;

const CLEARING_AND_ALGO = [
  str('clearingAccount', { otherwise: '' }),
  str('clearingIntent', { otherwise: 'IB' }),
  bool('notHeld', { otherwise: '0' }),
  bool('deltaNeutralContract', { otherwise: '0' }),
  ...DELTA_NEUTRAL_CONTRACT,
  str('algoStrategy', { otherwise: '' }),
  each('algoParams', TAG_VALUES, { when: given('algoStrategy'), otherwise: '0' }),
  bool('solicited', { otherwise: '0' }),
] as const;

const RANDOMIZE_AND_CONDITIONS = [
  bool('randomizeSize', { otherwise: '0' }),
  bool('randomizePrice', { otherwise: '0' }),
  ...PEGGED_TO_BENCHMARK,
  ...CONDITIONS,
] as const;

const since170 = { since: SINCE.PEGBEST_PEGMID_OFFSETS, otherwise: '' } as const;
const PEG_BEST_AND_CUSTOMER = [
  int('minTradeQty', since170),
  int('minCompeteSize', since170),
  dec('competeAgainstBestOffset', since170),
  dec('midOffsetAtWhole', since170),
  dec('midOffsetAtHalf', since170),
  str('customerAccount', { since: SINCE.CUSTOMER_ACCOUNT, otherwise: '' }),
  bool('professionalCustomer', { since: SINCE.PROFESSIONAL_CUSTOMER, otherwise: '0' }),
] as const;

export const OPEN_ORDER = message(5, 'openOrder', [
  int('orderId'),
  ...ORDER_OF_CONTRACT,
  int('clientId'),
  int('permId'),
  bool('outsideRth', { otherwise: '0' }),
  bool('hidden', { otherwise: '0' }),
  dec('discretionaryAmt', { otherwise: '0' }),
  str('goodAfterTime', { otherwise: '' }),
  str('sharesAllocation', { otherwise: '' }),
  ...FA_AND_MODEL,
  int('auctionStrategy', { otherwise: '0' }),
  ...BOX_AND_RANGE,
  bool('blockOrder', { otherwise: '0' }),
  bool('sweepToFill', { otherwise: '0' }),
  bool('allOrNone', { otherwise: '0' }),
  int('minQty', { otherwise: '' }),
  int('ocaType', { otherwise: '3' }),
  bool('eTradeOnly', { otherwise: '0' }),
  bool('firmQuoteOnly', { otherwise: '0' }),
  dec('nbboPriceCap', { otherwise: '' }),
  int('parentId', { otherwise: '0' }),
  int('triggerMethod', { otherwise: '0' }),
  ...VOLATILITY,
  str('deltaNeutralSettlingFirm', { when: hasDeltaNeutral, otherwise: '' }),
  str('deltaNeutralClearingAccount', { when: hasDeltaNeutral, otherwise: '' }),
  str('deltaNeutralClearingIntent', { when: hasDeltaNeutral, otherwise: '' }),
  str('deltaNeutralOpenClose', { when: hasDeltaNeutral, otherwise: '?' }),
  ...SHORT_SALE,
  dec('basisPoints', { otherwise: '' }),
  int('basisPointsType', { otherwise: '' }),
  ...COMBO,
  bool('optOutSmartRouting', { otherwise: '0' }),
  ...CLEARING_AND_ALGO,
  bool('whatIf', { otherwise: '0' }),
  str('status'),
  dec('initMarginBefore', { otherwise: NO_AMOUNT }),
  dec('maintMarginBefore', { otherwise: NO_AMOUNT }),
  dec('equityWithLoanBefore', { otherwise: NO_AMOUNT }),
  dec('initMarginChange', { otherwise: NO_AMOUNT }),
  dec('maintMarginChange', { otherwise: NO_AMOUNT }),
  dec('equityWithLoanChange', { otherwise: NO_AMOUNT }),
  dec('initMarginAfter', { otherwise: NO_AMOUNT }),
  dec('maintMarginAfter', { otherwise: NO_AMOUNT }),
  dec('equityWithLoanAfter', { otherwise: NO_AMOUNT }),
  dec('commission', { otherwise: '' }),
  dec('minCommission', { otherwise: '' }),
  dec('maxCommission', { otherwise: '' }),
  str('commissionCurrency', { otherwise: '' }),
  str('warningText', { otherwise: '' }),
  ...RANDOMIZE_AND_CONDITIONS,
  str('adjustedOrderType', { otherwise: 'None' }),
  dec('triggerPrice', { otherwise: NO_AMOUNT }),
  dec('adjustedTrailStopPrice', { otherwise: NO_AMOUNT }),
  dec('lmtPriceOffset', { otherwise: NO_AMOUNT }),
  dec('adjustedStopPrice', { otherwise: NO_AMOUNT }),
  dec('adjustedStopLimitPrice', { otherwise: NO_AMOUNT }),
  dec('adjustedTrailingAmount', { otherwise: NO_AMOUNT }),
  int('adjustableTrailingUnit', { otherwise: '0' }),
  str('softDollarTierName', { otherwise: '' }),
  str('softDollarTierValue', { otherwise: '' }),
  str('softDollarTierDisplayName', { otherwise: '' }),
  dec('cashQty', { otherwise: '0' }),
  bool('dontUseAutoPriceForHedge', { otherwise: '1' }),
  bool('isOmsContainer', { otherwise: '0' }),
  bool('discretionaryUpToLimitPrice', { otherwise: '0' }),
  bool('usePriceMgmtAlgo', { otherwise: '0' }),
  int('duration', { since: SINCE.DURATION, otherwise: '' }),
  int('postToAts', { since: SINCE.POST_TO_ATS, otherwise: '' }),
  bool('autoCancelParent', { since: SINCE.AUTO_CANCEL_PARENT, otherwise: '0' }),
  ...PEG_BEST_AND_CUSTOMER,
  str('bondAccruedInterest', { since: SINCE.BOND_ACCRUED_INTEREST, otherwise: '' }),
  bool('includeOvernight', { since: SINCE.INCLUDE_OVERNIGHT, otherwise: '0' }),
  str('extOperator', { since: SINCE.CME_TAGGING_FIELDS_IN_OPEN_ORDER, otherwise: '' }),
  int('manualOrderIndicator', { since: SINCE.CME_TAGGING_FIELDS_IN_OPEN_ORDER, otherwise: '2147483647' }),
]);
export const OPEN_ORDER_END = message(53, 'openOrderEnd', [version(1)]);
export const ORDER_STATUS = message(3, 'orderStatus', [
  int('orderId'),
  str('status'),
  dec('filled'),
  dec('remaining'),
  dec('avgFillPrice'),
  int('permId'),
  int('parentId'),
  dec('lastFillPrice'),
  int('clientId'),
  str('whyHeld'),
  dec('mktCapPrice'),
]);

/** It has fewer fields than an open order: no order id, no client id. */
export const COMPLETED_ORDER = message(101, 'completedOrder', [
  ...ORDER_OF_CONTRACT,
  int('permId'),
  bool('outsideRth', { otherwise: '0' }),
  bool('hidden', { otherwise: '0' }),
  dec('discretionaryAmt', { otherwise: '0' }),
  str('goodAfterTime', { otherwise: '' }),
  ...FA_AND_MODEL,
  ...BOX_AND_RANGE,
  bool('sweepToFill', { otherwise: '0' }),
  bool('allOrNone', { otherwise: '0' }),
  int('minQty', { otherwise: '' }),
  int('ocaType', { otherwise: '3' }),
  int('triggerMethod', { otherwise: '0' }),
  ...VOLATILITY,
  ...SHORT_SALE,
  ...COMBO,
  ...CLEARING_AND_ALGO,
  str('status'),
  ...RANDOMIZE_AND_CONDITIONS,
  dec('adjustedTrailStopPrice', { otherwise: '' }),
  dec('lmtPriceOffset', { otherwise: '' }),
  dec('cashQty', { otherwise: '0' }),
  bool('dontUseAutoPriceForHedge', { otherwise: '1' }),
  bool('isOmsContainer', { otherwise: '0' }),
  str('autoCancelDate', { otherwise: '' }),
  dec('filledQuantity'),
  int('refFuturesConId', { otherwise: '0' }),
  bool('autoCancelParent', { otherwise: '0' }),
  str('shareholder', { otherwise: '' }),
  bool('imbalanceOnly', { otherwise: '0' }),
  bool('routeMarketableToBbo', { otherwise: '0' }),
  int('parentPermId', { otherwise: '0' }),
  str('completedTime'),
  str('completedStatus'),
  ...PEG_BEST_AND_CUSTOMER,
]);
export const COMPLETED_ORDERS_END = message(102, 'completedOrdersEnd', []);

export const EXECUTION_DATA = message(11, 'execDetails', [
  int('reqId'),
  int('orderId'),
  ...CONTRACT,
  str('execId'),
  str('time'),
  str('account'),
  str('executionExchange'),
  str('side'),
  dec('shares'),
  dec('price'),
  int('permId'),
  int('clientId'),
  int('liquidation'),
  dec('cumQty'),
  dec('avgPrice'),
  str('orderRef'),
  str('evRule'),
  dec('evMultiplier'),
  str('modelCode'),
  int('lastLiquidity'),
  bool('pendingPriceRevision', { since: SINCE.PENDING_PRICE_REVISION }),
]);
export const EXECUTION_DATA_END = message(55, 'execDetailsEnd', [version(1), int('reqId')]);
export const COMMISSION_REPORT = message(59, 'commissionReport', [
  version(1),
  str('execId'),
  dec('commission'),
  str('currency'),
  dec('realizedPNL'),
  dec('yield'),
  int('yieldRedemptionDate'),
]);

export const TO_CLIENT = [
  MANAGED_ACCTS,
  NEXT_VALID_ID,
  CURRENT_TIME,
  ERR_MSG,
  ACCOUNT_SUMMARY,
  ACCOUNT_SUMMARY_END,
  POSITION,
  POSITION_END,
  ACCT_VALUE,
  PORTFOLIO_VALUE,
  ACCT_UPDATE_TIME,
  ACCT_DOWNLOAD_END,
  ACCOUNT_UPDATE_MULTI,
  ACCOUNT_UPDATE_MULTI_END,
  PNL,
  CONTRACT_DATA,
  CONTRACT_DATA_END,
  TICK_REQ_PARAMS,
  MARKET_DATA_TYPE,
  TICK_PRICE,
  TICK_SIZE,
  TICK_GENERIC,
  TICK_STRING,
  TICK_SNAPSHOT_END,
  REAL_TIME_BARS,
  HISTORICAL_DATA,
  HISTORICAL_DATA_UPDATE,
  OPEN_ORDER,
  OPEN_ORDER_END,
  ORDER_STATUS,
  COMPLETED_ORDER,
  COMPLETED_ORDERS_END,
  EXECUTION_DATA,
  EXECUTION_DATA_END,
  COMMISSION_REPORT,
] as const;
