/** Messages from a client, field by field, as TWS reads them. */
import { bool, dec, each, equals, given, int, message, str, version } from './fields.js';
import { CONDITIONS, DELTA_NEUTRAL_CONTRACT, PEGGED_TO_BENCHMARK, SCALE, TAG_VALUES } from './order-parts.js';
import { SINCE } from './versions.js';

/** How a client names a contract. */
const CONTRACT = [
  int('conId'),
  str('symbol'),
  str('secType'),
  str('lastTradeDateOrContractMonth'),
  dec('strike'),
  str('right'),
  str('multiplier'),
  str('exchange'),
  str('primaryExchange'),
  str('currency'),
  str('localSymbol'),
  str('tradingClass'),
] as const;

const isBag = equals('secType', 'BAG');
const isHedged = given('deltaNeutralOrderType');
const isPegBest = equals('orderType', 'PEG BEST', 'PEGBEST');
/** A PEG BEST order has these, too, if its offset is "up to the middle" (Infinity), which is refused here. */
const isPegMid = equals('orderType', 'PEG MID', 'PEGMID');

/** Legs of a spread, as in requests for data. */
const LEGS = each('comboLegs', [int('conId'), int('ratio'), str('action'), str('exchange')], { when: isBag });

export const START_API = message(71, 'startApi', [version(2), int('clientId'), str('optionalCapabilities')]);
export const REQ_CURRENT_TIME = message(49, 'reqCurrentTime', [version(1)]);
export const REQ_IDS = message(8, 'reqIds', [version(1), int('numIds')]);
export const REQ_MANAGED_ACCTS = message(17, 'reqManagedAccts', [version(1)]);

export const REQ_ACCOUNT_SUMMARY = message(62, 'reqAccountSummary', [
  version(1),
  int('reqId'),
  str('group'),
  str('tags'),
]);
export const CANCEL_ACCOUNT_SUMMARY = message(63, 'cancelAccountSummary', [version(1), int('reqId')]);
export const REQ_POSITIONS = message(61, 'reqPositions', [version(1)]);
export const CANCEL_POSITIONS = message(64, 'cancelPositions', [version(1)]);
export const REQ_ACCOUNT_DATA = message(6, 'reqAccountUpdates', [
  version(2),
  bool('subscribe'),
  str('account'),
]);
export const REQ_ACCOUNT_UPDATES_MULTI = message(76, 'reqAccountUpdatesMulti', [
  version(1, 2),
  int('reqId'),
  str('account'),
  str('modelCode'),
  bool('ledgerAndNLV'),
]);
export const CANCEL_ACCOUNT_UPDATES_MULTI = message(77, 'cancelAccountUpdatesMulti', [
  version(1, 2),
  int('reqId'),
]);
export const REQ_PNL = message(92, 'reqPnL', [int('reqId'), str('account'), str('modelCode')]);
export const CANCEL_PNL = message(93, 'cancelPnL', [int('reqId')]);

export const REQ_CONTRACT_DATA = message(9, 'reqContractDetails', [
  version(8),
  int('reqId'),
  ...CONTRACT,
  bool('includeExpired'),
  str('secIdType'),
  str('secId'),
  str('issuerId', { since: SINCE.BOND_ISSUERID }),
]);

export const REQ_MKT_DATA = message(1, 'reqMktData', [
  version(11),
  int('reqId'),
  ...CONTRACT,
  LEGS,
  bool('deltaNeutralContract'),
  ...DELTA_NEUTRAL_CONTRACT,
  str('genericTickList'),
  bool('snapshot'),
  bool('regulatorySnapshot'),
  str('options'),
]);
export const CANCEL_MKT_DATA = message(2, 'cancelMktData', [version(1, 2), int('reqId')]);
export const REQ_MARKET_DATA_TYPE = message(59, 'reqMarketDataType', [version(1), int('marketDataType')]);

export const REQ_REAL_TIME_BARS = message(50, 'reqRealTimeBars', [
  version(3),
  int('reqId'),
  ...CONTRACT,
  int('barSize'),
  str('whatToShow'),
  bool('useRth'),
  str('options'),
]);
export const CANCEL_REAL_TIME_BARS = message(51, 'cancelRealTimeBars', [version(1), int('reqId')]);

export const REQ_HISTORICAL_DATA = message(20, 'reqHistoricalData', [
  int('reqId'),
  ...CONTRACT,
  bool('includeExpired'),
  str('endDateTime'),
  str('barSizeSetting'),
  str('durationStr'),
  bool('useRth'),
  str('whatToShow'),
  int('formatDate'),
  LEGS,
  bool('keepUpToDate'),
  str('options'),
]);
export const CANCEL_HISTORICAL_DATA = message(25, 'cancelHistoricalData', [version(1), int('reqId')]);

export const PLACE_ORDER = message(3, 'placeOrder', [
  int('orderId'),
  ...CONTRACT,
  str('secIdType'),
  str('secId'),
  str('action'),
  dec('totalQuantity'),
  str('orderType'),
  dec('lmtPrice'),
  dec('auxPrice'),
  str('tif'),
  str('ocaGroup'),
  str('account'),
  str('openClose'),
  int('origin'),
  str('orderRef'),
  bool('transmit'),
  int('parentId'),
  bool('blockOrder'),
  bool('sweepToFill'),
  int('displaySize'),
  int('triggerMethod'),
  bool('outsideRth'),
  bool('hidden'),
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
    { when: isBag },
  ),
  each('orderComboLegs', [dec('price')], { when: isBag }),
  each('smartComboRoutingParams', TAG_VALUES, { when: isBag }),
  str('sharesAllocation'),
  dec('discretionaryAmt'),
  str('goodAfterTime'),
  str('goodTillDate'),
  str('faGroup'),
  str('faMethod'),
  str('faPercentage'),
  str('faProfile', { until: SINCE.FA_PROFILE_DESUPPORT }),
  str('modelCode'),
  int('shortSaleSlot'),
  str('designatedLocation'),
  int('exemptCode'),
  int('ocaType'),
  str('rule80A'),
  str('settlingFirm'),
  bool('allOrNone'),
  int('minQty'),
  dec('percentOffset'),
  bool('eTradeOnly'),
  bool('firmQuoteOnly'),
  dec('nbboPriceCap'),
  int('auctionStrategy'),
  dec('startingPrice'),
  dec('stockRefPrice'),
  dec('delta'),
  dec('stockRangeLower'),
  dec('stockRangeUpper'),
  bool('overridePercentageConstraints'),
  dec('volatility'),
  int('volatilityType'),
  str('deltaNeutralOrderType'),
  dec('deltaNeutralAuxPrice'),
  int('deltaNeutralConId', { when: isHedged }),
  str('deltaNeutralSettlingFirm', { when: isHedged }),
  str('deltaNeutralClearingAccount', { when: isHedged }),
  str('deltaNeutralClearingIntent', { when: isHedged }),
  str('deltaNeutralOpenClose', { when: isHedged }),
  bool('deltaNeutralShortSale', { when: isHedged }),
  int('deltaNeutralShortSaleSlot', { when: isHedged }),
  str('deltaNeutralDesignatedLocation', {
    when: isHedged,
  }),
  bool('continuousUpdate'),
  int('referencePriceType'),
  dec('trailStopPrice'),
  dec('trailingPercent'),
  ...SCALE,
  str('scaleTable'),
  str('activeStartTime'),
  str('activeStopTime'),
  str('hedgeType'),
  str('hedgeParam', { when: given('hedgeType') }),
  bool('optOutSmartRouting'),
  str('clearingAccount'),
  str('clearingIntent'),
  bool('notHeld'),
  bool('deltaNeutralContract'),
  ...DELTA_NEUTRAL_CONTRACT,
  str('algoStrategy'),
  each('algoParams', TAG_VALUES, { when: given('algoStrategy') }),
  str('algoId'),
  bool('whatIf'),
  str('orderMiscOptions'),
  bool('solicited'),
  bool('randomizeSize'),
  bool('randomizePrice'),
  ...PEGGED_TO_BENCHMARK,
  ...CONDITIONS,
  str('adjustedOrderType'),
  dec('triggerPrice'),
  dec('lmtPriceOffset'),
  dec('adjustedStopPrice'),
  dec('adjustedStopLimitPrice'),
  dec('adjustedTrailingAmount'),
  int('adjustableTrailingUnit'),
  str('extOperator'),
  str('softDollarTierName'),
  str('softDollarTierValue'),
  dec('cashQty'),
  str('mifid2DecisionMaker'),
  str('mifid2DecisionAlgo'),
  str('mifid2ExecutionTrader'),
  str('mifid2ExecutionAlgo'),
  bool('dontUseAutoPriceForHedge'),
  bool('isOmsContainer'),
  bool('discretionaryUpToLimitPrice'),
  int('usePriceMgmtAlgo'),
  int('duration', { since: SINCE.DURATION }),
  int('postToAts', { since: SINCE.POST_TO_ATS }),
  bool('autoCancelParent', { since: SINCE.AUTO_CANCEL_PARENT }),
  str('advancedErrorOverride', { since: SINCE.ADVANCED_ORDER_REJECT }),
  str('manualOrderTime', { since: SINCE.MANUAL_ORDER_TIME }),
  int('minTradeQty', {
    since: SINCE.PEGBEST_PEGMID_OFFSETS,
    when: equals('exchange', 'IBKRATS'),
  }),
  int('minCompeteSize', {
    since: SINCE.PEGBEST_PEGMID_OFFSETS,
    when: isPegBest,
  }),
  dec('competeAgainstBestOffset', {
    since: SINCE.PEGBEST_PEGMID_OFFSETS,
    when: isPegBest,
  }),
  dec('midOffsetAtWhole', {
    since: SINCE.PEGBEST_PEGMID_OFFSETS,
    when: isPegMid,
  }),
  dec('midOffsetAtHalf', {
    since: SINCE.PEGBEST_PEGMID_OFFSETS,
    when: isPegMid,
  }),
  str('customerAccount', { since: SINCE.CUSTOMER_ACCOUNT }),
  bool('professionalCustomer', { since: SINCE.PROFESSIONAL_CUSTOMER }),
  str('rfqExternalUserId', { since: SINCE.RFQ_FIELDS, until: SINCE.UNDO_RFQ_FIELDS }),
  int('rfqManualOrderIndicator', { since: SINCE.RFQ_FIELDS, until: SINCE.UNDO_RFQ_FIELDS }),
  bool('includeOvernight', { since: SINCE.INCLUDE_OVERNIGHT }),
  int('manualOrderIndicator', { since: SINCE.CME_TAGGING_FIELDS }),
]);

export const CANCEL_ORDER = message(4, 'cancelOrder', [
  int('version', { oneOf: [1], otherwise: '1', until: SINCE.CME_TAGGING_FIELDS }),
  int('orderId'),
  str('manualOrderCancelTime', { since: SINCE.MANUAL_ORDER_TIME }),
  str('rfqExtOperator', { since: SINCE.RFQ_FIELDS, until: SINCE.UNDO_RFQ_FIELDS }),
  str('rfqExternalUserId', { since: SINCE.RFQ_FIELDS, until: SINCE.UNDO_RFQ_FIELDS }),
  int('rfqManualOrderIndicator', { since: SINCE.RFQ_FIELDS, until: SINCE.UNDO_RFQ_FIELDS }),
  str('extOperator', { since: SINCE.CME_TAGGING_FIELDS }),
  int('manualOrderIndicator', { since: SINCE.CME_TAGGING_FIELDS }),
]);
export const REQ_GLOBAL_CANCEL = message(58, 'reqGlobalCancel', [
  int('version', { oneOf: [1], otherwise: '1', until: SINCE.CME_TAGGING_FIELDS }),
  str('extOperator', { since: SINCE.CME_TAGGING_FIELDS }),
  int('manualOrderIndicator', { since: SINCE.CME_TAGGING_FIELDS }),
]);
export const REQ_OPEN_ORDERS = message(5, 'reqOpenOrders', [version(1)]);
/** Orders typed into TWS by hand become those of client 0. */
export const REQ_AUTO_OPEN_ORDERS = message(15, 'reqAutoOpenOrders', [version(1), bool('autoBind')]);
export const REQ_ALL_OPEN_ORDERS = message(16, 'reqAllOpenOrders', [version(1)]);
export const REQ_COMPLETED_ORDERS = message(99, 'reqCompletedOrders', [bool('apiOnly')]);
export const REQ_EXECUTIONS = message(7, 'reqExecutions', [
  version(3),
  int('reqId'),
  int('clientId'),
  str('account'),
  str('time'),
  str('symbol'),
  str('secType'),
  str('exchange'),
  str('side'),
]);

export const FROM_CLIENT = [
  START_API,
  REQ_CURRENT_TIME,
  REQ_IDS,
  REQ_MANAGED_ACCTS,
  REQ_ACCOUNT_SUMMARY,
  CANCEL_ACCOUNT_SUMMARY,
  REQ_POSITIONS,
  CANCEL_POSITIONS,
  REQ_ACCOUNT_DATA,
  REQ_ACCOUNT_UPDATES_MULTI,
  CANCEL_ACCOUNT_UPDATES_MULTI,
  REQ_PNL,
  CANCEL_PNL,
  REQ_CONTRACT_DATA,
  REQ_MKT_DATA,
  CANCEL_MKT_DATA,
  REQ_MARKET_DATA_TYPE,
  REQ_REAL_TIME_BARS,
  CANCEL_REAL_TIME_BARS,
  REQ_HISTORICAL_DATA,
  CANCEL_HISTORICAL_DATA,
  PLACE_ORDER,
  CANCEL_ORDER,
  REQ_GLOBAL_CANCEL,
  REQ_OPEN_ORDERS,
  REQ_AUTO_OPEN_ORDERS,
  REQ_ALL_OPEN_ORDERS,
  REQ_COMPLETED_ORDERS,
  REQ_EXECUTIONS,
] as const;
