/** The tables of TWS messages against rows written by hand, and against the encoder and decoder of a client that is used. */
import { type Contract, type Order, OrderAction, OrderConditionType, OrderType, SecType } from '@stoqey/ib';
import { Decoder } from '@stoqey/ib/dist/core/io/decoder.js';
import { Encoder } from '@stoqey/ib/dist/core/io/encoder.js';
import { describe, expect, it } from 'vitest';
import {
  type Field,
  Malformed,
  type Message,
  readMessage,
  writeMessage,
} from '../../simulators/ibkr/wire/fields.js';
import { BrokenFrame, encodeFrame, FrameReader } from '../../simulators/ibkr/wire/frames.js';
import * as asked from '../../simulators/ibkr/wire/from-client.js';
import * as told from '../../simulators/ibkr/wire/to-client.js';
import { NEWEST_VERSION, OLDEST_VERSION } from '../../simulators/ibkr/wire/versions.js';

const WRITTEN_OUT = [157, 176, 178, 193] as const;
const EVERY = Array.from({ length: NEWEST_VERSION - OLDEST_VERSION + 1 }, (_, step) => OLDEST_VERSION + step);
type Rows = string | Readonly<Record<(typeof WRITTEN_OUT)[number], string>>;
const rowAt = (rows: Rows, at: (typeof WRITTEN_OUT)[number]): string[] =>
  (typeof rows === 'string' ? rows : rows[at]).split('|');

/** What the client puts on the wire, as its socket does it. */
function encoded(serverVersion: number, call: (encoder: Encoder, at: number) => void): string[] {
  const sent: unknown[] = [];
  const refused: string[] = [];
  const callback = {
    serverVersion,
    sendMsg: (...tokens: unknown[]) =>
      void sent.push(...(tokens.flat(Number.POSITIVE_INFINITY) as unknown[])),
    emitError: (words: string) => void refused.push(words),
  };
  call(new Encoder(callback as unknown as ConstructorParameters<typeof Encoder>[0]), serverVersion);
  expect(refused).toEqual([]);
  return sent.map((token) => (typeof token === 'boolean' ? Number(token) : (token ?? ''))).map(String);
}

/** What the client makes of a frame. */
function decoded(
  serverVersion: number,
  fields: readonly string[],
): { events: unknown[][]; errors: string[] } {
  const events: unknown[][] = [];
  const errors: string[] = [];
  const decoder = new Decoder({
    serverVersion,
    emitEvent: (name, ...args) => void events.push([name, ...args]),
    emitInfo: (words, code) => void events.push(['info', words, code]),
    emitError: (words, code, id) => {
      if (code === 505) errors.push(words);
      else events.push(['error', words, code, id]);
    },
  });
  decoder.enqueueMessage([...fields]);
  decoder.process();
  return { events, errors };
}

const NQ: Contract = {
  conId: 711280073,
  symbol: 'NQ',
  secType: SecType.FUT,
  lastTradeDateOrContractMonth: '20261218',
  multiplier: 20,
  exchange: 'CME',
  currency: 'USD',
  localSymbol: 'NQZ6',
  tradingClass: 'NQ',
};
const NQ_ROW = '711280073|NQ|FUT|20261218|||20|CME||USD|NQZ6|NQ';
const NQ_VALUES = {
  conId: 711280073,
  symbol: 'NQ',
  secType: 'FUT',
  lastTradeDateOrContractMonth: '20261218',
  strike: null,
  right: '',
  multiplier: '20',
  exchange: 'CME',
  primaryExchange: '',
  currency: 'USD',
  localSymbol: 'NQZ6',
  tradingClass: 'NQ',
};

const STOP: Order = {
  action: OrderAction.BUY,
  totalQuantity: 2,
  orderType: OrderType.STP_LMT,
  lmtPrice: 15261.75,
  auxPrice: 15260.25,
  tif: 'GTC',
  ocaGroup: 'oca-7',
  account: 'DU1234567',
  openClose: 'O',
  origin: 0,
  orderRef: 'ref-7',
  transmit: true,
  parentId: 7,
  triggerMethod: 2,
  outsideRth: true,
  discretionaryAmt: 0.5,
  exemptCode: -1,
  ocaType: 1,
  minQty: 1,
  whatIf: false,
};
/** So many fields with nothing in them. */
const blank = (count: number): string => '|'.repeat(count);
/** To the percentage of financial advisors. */
const STOP_HEAD =
  `3|8|${NQ_ROW}${blank(2)}|BUY|2|STP LMT|15261.75|15260.25|GTC|oca-7|DU1234567|O|0|ref-7|1|7${blank(3)}|2|1${blank(2)}|0.5` +
  blank(5);
/** From the model code to the price management algorithm: alike in all versions. */
const STOP_MIDDLE = `${blank(3)}|-1|1${blank(3)}|1${blank(30)}|0${blank(2)}|0${blank(4)}|0${blank(19)}`;
const STOP_ROWS = {
  157: `${STOP_HEAD}${blank(1)}${STOP_MIDDLE}`,
  176: `${STOP_HEAD}${blank(1)}${STOP_MIDDLE}${blank(5)}`,
  178: `${STOP_HEAD}${STOP_MIDDLE}${blank(5)}`,
  193: `${STOP_HEAD}${STOP_MIDDLE}${blank(9)}`,
};

interface Asked {
  readonly table: Message;
  readonly rows: Rows;
  readonly call: (encoder: Encoder, at: number) => void;
  /** Of these fields at least; the rest is in the row. */
  readonly values: Readonly<Record<string, unknown>>;
}

const ASKED: readonly Asked[] = [
  { table: asked.REQ_CURRENT_TIME, rows: '49|1', call: (e) => e.reqCurrentTime(), values: { version: 1 } },
  { table: asked.REQ_IDS, rows: '8|1|3', call: (e) => e.reqIds(3), values: { numIds: 3 } },
  { table: asked.REQ_MANAGED_ACCTS, rows: '17|1', call: (e) => e.reqManagedAccts(), values: { version: 1 } },
  {
    table: asked.REQ_ACCOUNT_SUMMARY,
    rows: '62|1|9001|All|NetLiquidation,BuyingPower',
    call: (e) => e.reqAccountSummary(9001, 'All', 'NetLiquidation,BuyingPower'),
    values: { reqId: 9001, group: 'All', tags: 'NetLiquidation,BuyingPower' },
  },
  {
    table: asked.CANCEL_ACCOUNT_SUMMARY,
    rows: '63|1|9001',
    call: (e) => e.cancelAccountSummary(9001),
    values: { reqId: 9001 },
  },
  { table: asked.REQ_POSITIONS, rows: '61|1', call: (e) => e.reqPositions(), values: { version: 1 } },
  { table: asked.CANCEL_POSITIONS, rows: '64|1', call: (e) => e.cancelPositions(), values: { version: 1 } },
  {
    table: asked.REQ_ACCOUNT_DATA,
    rows: '6|2|1|DU1234567',
    call: (e) => e.reqAccountUpdates(true, 'DU1234567'),
    values: { subscribe: true, account: 'DU1234567' },
  },
  {
    table: asked.REQ_ACCOUNT_UPDATES_MULTI,
    rows: '76|2|9002|DU1234567|core|1',
    call: (e) => e.reqAccountUpdatesMulti(9002, 'DU1234567', 'core', true),
    values: { reqId: 9002, account: 'DU1234567', modelCode: 'core', ledgerAndNLV: true },
  },
  {
    table: asked.CANCEL_ACCOUNT_UPDATES_MULTI,
    rows: '77|2|9002',
    call: (e) => e.cancelAccountUpdatesMulti(9002),
    values: { reqId: 9002 },
  },
  {
    table: asked.REQ_PNL,
    rows: '92|9003|DU1234567|core',
    call: (e) => e.reqPnL(9003, 'DU1234567', 'core'),
    values: { reqId: 9003, account: 'DU1234567', modelCode: 'core' },
  },
  { table: asked.CANCEL_PNL, rows: '93|9003', call: (e) => e.cancelPnL(9003), values: { reqId: 9003 } },
  {
    table: asked.REQ_CONTRACT_DATA,
    rows: {
      157: `9|8|9004|${NQ_ROW}|1|ISIN|US0`,
      176: `9|8|9004|${NQ_ROW}|1|ISIN|US0|e1`,
      178: `9|8|9004|${NQ_ROW}|1|ISIN|US0|e1`,
      193: `9|8|9004|${NQ_ROW}|1|ISIN|US0|e1`,
    },
    call: (e, at) =>
      e.reqContractDetails(9004, {
        ...NQ,
        includeExpired: true,
        secIdType: 'ISIN',
        secId: 'US0',
        ...(at >= 176 ? { issuerId: 'e1' } : {}),
      } as Contract),
    values: { ...NQ_VALUES, reqId: 9004, includeExpired: true, secIdType: 'ISIN', secId: 'US0' },
  },
  {
    table: asked.REQ_MKT_DATA,
    rows: `1|11|9005|${NQ_ROW}|0|233,588|0|0|`,
    call: (e) => e.reqMktData(9005, NQ, '233,588', false, false),
    values: { ...NQ_VALUES, reqId: 9005, genericTickList: '233,588', snapshot: false, comboLegs: [] },
  },
  {
    table: asked.CANCEL_MKT_DATA,
    rows: '2|1|9005',
    call: (e) => e.cancelMktData(9005),
    values: { reqId: 9005 },
  },
  {
    table: asked.REQ_MARKET_DATA_TYPE,
    rows: '59|1|3',
    call: (e) => e.reqMarketDataType(3),
    values: { marketDataType: 3 },
  },
  {
    table: asked.REQ_REAL_TIME_BARS,
    rows: `50|3|9006|${NQ_ROW}|5|TRADES|0|`,
    call: (e) => e.reqRealTimeBars(9006, NQ, 5, 'TRADES' as never, false, []),
    values: { ...NQ_VALUES, reqId: 9006, barSize: 5, whatToShow: 'TRADES', useRth: false },
  },
  {
    table: asked.CANCEL_REAL_TIME_BARS,
    rows: '51|1|9006',
    call: (e) => e.cancelRealTimeBars(9006),
    values: { reqId: 9006 },
  },
  {
    table: asked.REQ_HISTORICAL_DATA,
    rows: `20|9007|${NQ_ROW}|1|20261120-21:00:00|1 min|2 D|0|MIDPOINT|2|1|a=b;`,
    call: (e) =>
      e.reqHistoricalData(
        9007,
        { ...NQ, includeExpired: true },
        '20261120-21:00:00',
        '2 D',
        '1 min' as never,
        'MIDPOINT' as never,
        0,
        2,
        true,
        [{ tag: 'a', value: 'b' }],
      ),
    values: {
      ...NQ_VALUES,
      reqId: 9007,
      includeExpired: true,
      endDateTime: '20261120-21:00:00',
      barSizeSetting: '1 min',
      durationStr: '2 D',
      useRth: false,
      whatToShow: 'MIDPOINT',
      formatDate: 2,
      keepUpToDate: true,
      options: 'a=b;',
    },
  },
  {
    table: asked.CANCEL_HISTORICAL_DATA,
    rows: '25|1|9007',
    call: (e) => e.cancelHistoricalData(9007),
    values: { reqId: 9007 },
  },
  {
    table: asked.PLACE_ORDER,
    rows: STOP_ROWS,
    call: (e) => e.placeOrder(8, NQ, STOP),
    values: {
      ...NQ_VALUES,
      orderId: 8,
      action: 'BUY',
      totalQuantity: '2',
      orderType: 'STP LMT',
      lmtPrice: '15261.75',
      auxPrice: '15260.25',
      tif: 'GTC',
      ocaGroup: 'oca-7',
      account: 'DU1234567',
      openClose: 'O',
      orderRef: 'ref-7',
      transmit: true,
      parentId: 7,
      triggerMethod: 2,
      outsideRth: true,
      discretionaryAmt: '0.5',
      exemptCode: -1,
      ocaType: 1,
      minQty: 1,
      whatIf: false,
      conditions: [],
    },
  },
  {
    table: asked.CANCEL_ORDER,
    rows: { 157: '4|1|8', 176: '4|1|8|', 178: '4|1|8|', 193: '4|8|||2147483647' },
    call: (e) => e.cancelOrder(8, {}),
    values: { orderId: 8, manualOrderCancelTime: '', extOperator: '', manualOrderIndicator: null },
  },
  {
    table: asked.REQ_GLOBAL_CANCEL,
    rows: { 157: '58|1', 176: '58|1', 178: '58|1', 193: '58||2147483647' },
    call: (e) => e.reqGlobalCancel({}),
    values: { extOperator: '', manualOrderIndicator: null },
  },
  { table: asked.REQ_OPEN_ORDERS, rows: '5|1', call: (e) => e.reqOpenOrders(), values: { version: 1 } },
  {
    table: asked.REQ_AUTO_OPEN_ORDERS,
    rows: '15|1|1',
    call: (e) => e.reqAutoOpenOrders(true),
    values: { autoBind: true },
  },
  {
    table: asked.REQ_ALL_OPEN_ORDERS,
    rows: '16|1',
    call: (e) => e.reqAllOpenOrders(),
    values: { version: 1 },
  },
  {
    table: asked.REQ_COMPLETED_ORDERS,
    rows: '99|1',
    call: (e) => e.reqCompletedOrders(true),
    values: { apiOnly: true },
  },
  {
    table: asked.REQ_EXECUTIONS,
    rows: '7|3|9008|100|DU1234567|20261120-14:30:00|NQ|FUT|CME|SELL',
    call: (e) =>
      e.reqExecutions(9008, {
        clientId: '100',
        acctCode: 'DU1234567',
        time: '20261120-14:30:00',
        symbol: 'NQ',
        secType: SecType.FUT,
        exchange: 'CME',
        side: 'SELL',
      }),
    values: {
      reqId: 9008,
      clientId: 100,
      account: 'DU1234567',
      time: '20261120-14:30:00',
      symbol: 'NQ',
      secType: 'FUT',
      exchange: 'CME',
      side: 'SELL',
    },
  },
];

interface Told {
  readonly table: Message;
  readonly values: Readonly<Record<string, unknown>>;
  readonly rows: Rows;
  /** What the client emits; functions are asked whether it is right. */
  readonly events: readonly (readonly unknown[])[];
}

const held = {
  conId: 711280073,
  symbol: 'NQ',
  secType: 'FUT',
  lastTradeDateOrContractMonth: '20261218',
  strike: '0',
  right: '',
  multiplier: '20',
  exchange: 'CME',
  currency: 'USD',
  localSymbol: 'NQZ6',
  tradingClass: 'NQ',
};
const HELD_ROW = '711280073|NQ|FUT|20261218|0||20|CME|USD|NQZ6|NQ';
const heldThere = {
  conId: 711280073,
  symbol: 'NQ',
  secType: 'FUT',
  multiplier: 20,
  localSymbol: 'NQZ6',
  tradingClass: 'NQ',
};

const ORDER = {
  ...held,
  action: 'BUY',
  totalQuantity: '2',
  orderType: 'STP LMT',
  lmtPrice: '15261.75',
  auxPrice: '15260.25',
  tif: 'GTC',
  account: 'DU1234567',
  orderRef: 'ref-7',
  permId: 600745656,
  outsideRth: true,
};
const orderThere = {
  action: 'BUY',
  totalQuantity: 2,
  orderType: 'STP LMT',
  lmtPrice: 15261.75,
  auxPrice: 15260.25,
  tif: 'GTC',
  account: 'DU1234567',
  orderRef: 'ref-7',
  permId: 600745656,
  outsideRth: true,
};
const NO = '1.7976931348623157E308';
const OPEN_HEAD = `5|8|${HELD_ROW}|BUY|2|STP LMT|15261.75|15260.25|GTC|oca-7|DU1234567||0|ref-7|100|600745656|1|0|0|||||`;
const OPEN_MIDDLE =
  `||||||0||-1|0||||||2147483647|0|0|0||1|0|0||7|0||0|None||0||||?|0|0||0|0||||||0|0|0|2147483647|2147483647|||0||IB|0|0||0|0|PreSubmitted|` +
  `${NO}|${NO}|${NO}|${NO}|${NO}|${NO}|${NO}|${NO}|${NO}||||||0|0|0|None|${NO}|${NO}|${NO}|${NO}|${NO}|${NO}|0||||0|1|0|0|0`;
const DONE_HEAD = `101|${HELD_ROW}|BUY|2|STP LMT|15261.75|15260.25|GTC||DU1234567||0|ref-7|600745656|1|0|0||||`;
const DONE_MIDDLE =
  `||||||0||-1||||||2147483647|0|0||3|0||0|None||0|0|0||0|0||||0|0|0|2147483647|2147483647|||` +
  `|IB|0|0||0|Filled|0|0|0|||0|1|0||2|0|0||0|0|0|20261120 15:31:00 US/Eastern|Filled Size: 2`;

const TOLD: readonly Told[] = [
  {
    table: told.MANAGED_ACCTS,
    values: { accounts: 'DU1234567,DU7654321' },
    rows: '15|1|DU1234567,DU7654321',
    events: [['managedAccounts', 'DU1234567,DU7654321']],
  },
  { table: told.NEXT_VALID_ID, values: { orderId: 42 }, rows: '9|1|42', events: [['nextValidId', 42]] },
  {
    table: told.CURRENT_TIME,
    values: { time: 1795190400 },
    rows: '49|1|1795190400',
    events: [['currentTime', 1795190400]],
  },
  {
    table: told.ERR_MSG,
    values: { id: 8, code: 202, text: 'Order Canceled - reason:é' },
    rows: {
      157: '4|2|8|202|Order Canceled - reason:\\u00e9',
      176: '4|2|8|202|Order Canceled - reason:\\u00e9|',
      178: '4|2|8|202|Order Canceled - reason:\\u00e9|',
      193: '4|2|8|202|Order Canceled - reason:\\u00e9|',
    },
    events: [['error', 'Order Canceled - reason:é', 202, 8]],
  },
  {
    table: told.ACCOUNT_SUMMARY,
    values: { reqId: 9001, account: 'DU1234567', tag: 'NetLiquidation', value: '100250.50', currency: 'USD' },
    rows: '63|1|9001|DU1234567|NetLiquidation|100250.50|USD',
    events: [['accountSummary', 9001, 'DU1234567', 'NetLiquidation', '100250.50', 'USD']],
  },
  {
    table: told.ACCOUNT_SUMMARY_END,
    values: { reqId: 9001 },
    rows: '64|1|9001',
    events: [['accountSummaryEnd', 9001]],
  },
  {
    table: told.POSITION,
    values: { account: 'DU1234567', ...held, position: '-2', avgCost: '304685' },
    rows: `61|3|DU1234567|${HELD_ROW}|-2|304685`,
    events: [['position', 'DU1234567', expect.objectContaining(heldThere), -2, 304685]],
  },
  { table: told.POSITION_END, values: {}, rows: '62|1', events: [['positionEnd']] },
  {
    table: told.ACCT_VALUE,
    values: { key: 'NetLiquidation', value: '100250.50', currency: 'USD', account: 'DU1234567' },
    rows: '6|2|NetLiquidation|100250.50|USD|DU1234567',
    events: [['updateAccountValue', 'NetLiquidation', '100250.50', 'USD', 'DU1234567']],
  },
  {
    table: told.PORTFOLIO_VALUE,
    values: {
      conId: 711280073,
      symbol: 'NQ',
      secType: 'FUT',
      lastTradeDateOrContractMonth: '20261218',
      strike: '0',
      right: '0',
      multiplier: '20',
      primaryExchange: 'CME',
      currency: 'USD',
      localSymbol: 'NQZ6',
      tradingClass: 'NQ',
      position: '-2',
      marketPrice: '15240.5',
      marketValue: '-609620',
      averageCost: '304685',
      unrealizedPNL: '-250',
      realizedPNL: '75.5',
      account: 'DU1234567',
    },
    rows: '7|8|711280073|NQ|FUT|20261218|0|0|20|CME|USD|NQZ6|NQ|-2|15240.5|-609620|304685|-250|75.5|DU1234567',
    events: [
      [
        'updatePortfolio',
        expect.objectContaining({ ...heldThere, primaryExch: 'CME' }),
        -2,
        15240.5,
        -609620,
        304685,
        -250,
        75.5,
        'DU1234567',
      ],
    ],
  },
  {
    table: told.ACCT_UPDATE_TIME,
    values: { time: '09:31' },
    rows: '8|1|09:31',
    events: [['updateAccountTime', '09:31']],
  },
  {
    table: told.ACCT_DOWNLOAD_END,
    values: { account: 'DU1234567' },
    rows: '54|1|DU1234567',
    events: [['accountDownloadEnd', 'DU1234567']],
  },
  {
    table: told.ACCOUNT_UPDATE_MULTI,
    values: {
      reqId: 9002,
      account: 'DU1234567',
      modelCode: 'core',
      key: 'CashBalance',
      value: '100000.00',
      currency: 'USD',
    },
    rows: '73|1|9002|DU1234567|core|CashBalance|100000.00|USD',
    events: [['accountUpdateMulti', 9002, 'DU1234567', 'core', 'CashBalance', '100000.00', 'USD']],
  },
  {
    table: told.ACCOUNT_UPDATE_MULTI_END,
    values: { reqId: 9002 },
    rows: '74|1|9002',
    events: [['accountUpdateMultiEnd', '9002']],
  },
  {
    table: told.PNL,
    values: { reqId: 9003, dailyPnL: '-174.5', unrealizedPnL: '-250', realizedPnL: '75.5' },
    rows: '94|9003|-174.5|-250|75.5',
    events: [['pnl', 9003, -174.5, -250, 75.5]],
  },
  {
    table: told.CONTRACT_DATA,
    values: {
      reqId: 9004,
      ...held,
      lastTradeDate: '20261218',
      marketName: 'NQ',
      minTick: '0.25',
      mdSizeMultiplier: 1,
      orderTypes: 'LMT,MKT,STP',
      validExchanges: 'CME,QBALGO',
      priceMagnifier: 1,
      underConId: 11004958,
      longName: 'E-mini NASDAQ 100',
      primaryExchange: '',
      contractMonth: '202612',
      industry: '',
      category: '',
      subcategory: '',
      timeZoneId: 'US/Central',
      tradingHours: '20261120:1700-20261121:1600',
      liquidHours: '20261120:0830-20261120:1600',
      evRule: '',
      evMultiplier: '0',
      secIdList: [{ tag: 'ISIN', value: 'US0' }],
      aggGroup: 2147483647,
      underSymbol: 'NQ',
      underSecType: 'IND',
      marketRuleIds: '67,67',
      realExpirationDate: '20261218',
      stockType: '',
      sizeMinTick: '1',
      minSize: '1',
      sizeIncrement: '2',
      suggestedSizeIncrement: '3',
      ineligibilityReasons: [{ id: 'R1', description: 'why' }],
    },
    rows: contractRows(),
    events: [
      [
        'contractDetails',
        9004,
        expect.objectContaining({
          contract: expect.objectContaining({ ...heldThere, lastTradeDateOrContractMonth: '20261218' }),
          minTick: 0.25,
          underConId: 11004958,
          longName: 'E-mini NASDAQ 100',
          contractMonth: '202612',
          tradingHours: '20261120:1700-20261121:1600',
          liquidHours: '20261120:0830-20261120:1600',
          secIdList: [{ tag: 'ISIN', value: 'US0' }],
          realExpirationDate: '20261218',
        }),
      ],
    ],
  },
  {
    table: told.CONTRACT_DATA_END,
    values: { reqId: 9004 },
    rows: '52|1|9004',
    events: [['contractDetailsEnd', 9004]],
  },
  {
    table: told.TICK_REQ_PARAMS,
    values: { reqId: 9005, minTick: '1', bboExchange: 'a60001', snapshotPermissions: 3 },
    rows: '81|9005|1|a60001|3',
    events: [['tickReqParams', 9005, 1, 'a60001', 3]],
  },
  {
    table: told.MARKET_DATA_TYPE,
    values: { reqId: 9005, marketDataType: 1 },
    rows: '58|1|9005|1',
    events: [['marketDataType', 9005, 1]],
  },
  {
    table: told.TICK_PRICE,
    values: { reqId: 9005, tickType: 2, price: '15234.25', size: '7', attributes: 1 },
    rows: '1|6|9005|2|15234.25|7|1',
    events: [
      ['tickPrice', 9005, 2, 15234.25, true],
      ['tickSize', 9005, 3, 7],
    ],
  },
  {
    table: told.TICK_SIZE,
    values: { reqId: 9005, tickType: 8, size: '1043' },
    rows: '2|6|9005|8|1043',
    events: [['tickSize', 9005, 8, 1043]],
  },
  {
    table: told.TICK_GENERIC,
    values: { reqId: 9005, tickType: 49, value: '0' },
    rows: '45|6|9005|49|0',
    events: [['tickGeneric', 9005, 49, 0]],
  },
  {
    table: told.TICK_STRING,
    values: { reqId: 9005, tickType: 45, value: '1795190400' },
    rows: '46|6|9005|45|1795190400',
    events: [['tickString', 9005, 45, '1795190400']],
  },
  {
    table: told.TICK_SNAPSHOT_END,
    values: { reqId: 9005 },
    rows: '57|1|9005',
    events: [['tickSnapshotEnd', 9005]],
  },
  {
    table: told.REAL_TIME_BARS,
    values: {
      reqId: 9006,
      time: 1795190400,
      open: '15231',
      high: '15237.75',
      low: '15229.5',
      close: '15234.25',
      volume: '12',
      wap: '15233.125',
      count: 5,
    },
    rows: '50|3|9006|1795190400|15231|15237.75|15229.5|15234.25|12|15233.125|5',
    events: [['realtimeBar', 9006, 1795190400, 15231, 15237.75, 15229.5, 15234.25, 12, 15233.125, 5]],
  },
  {
    table: told.HISTORICAL_DATA,
    values: {
      reqId: 9007,
      start: '20261119-21:00:00',
      end: '20261120-21:00:00',
      bars: [
        {
          date: '1795190400',
          open: '15231',
          high: '15237.75',
          low: '15229.5',
          close: '15234.25',
          volume: '12',
          wap: '15233.125',
          barCount: 5,
        },
      ],
    },
    rows: '17|9007|20261119-21:00:00|20261120-21:00:00|1|1795190400|15231|15237.75|15229.5|15234.25|12|15233.125|5',
    events: [
      ['historicalData', 9007, '1795190400', 15231, 15237.75, 15229.5, 15234.25, 12, 5, 15233.125, undefined],
      [
        'historicalData',
        9007,
        'finished-20261119-21:00:00-20261120-21:00:00',
        -1,
        -1,
        -1,
        -1,
        -1,
        -1,
        -1,
        false,
      ],
    ],
  },
  {
    table: told.HISTORICAL_DATA_UPDATE,
    values: {
      reqId: 9007,
      barCount: 5,
      date: '1795190400',
      open: '15231',
      close: '15234.25',
      high: '15237.75',
      low: '15229.5',
      wap: '15233.125',
      volume: '12',
    },
    rows: '90|9007|5|1795190400|15231|15234.25|15237.75|15229.5|15233.125|12',
    events: [
      ['historicalDataUpdate', 9007, '1795190400', 15231, 15237.75, 15229.5, 15234.25, 12, 5, 15233.125],
    ],
  },
  {
    table: told.OPEN_ORDER,
    values: {
      ...ORDER,
      orderId: 8,
      clientId: 100,
      ocaGroup: 'oca-7',
      ocaType: 1,
      parentId: 7,
      status: 'PreSubmitted',
    },
    rows: {
      157: `${OPEN_HEAD}|${OPEN_MIDDLE}`,
      176: `${OPEN_HEAD}|${OPEN_MIDDLE}|||0|||||`,
      178: `${OPEN_HEAD}${OPEN_MIDDLE}|||0|||||`,
      193: `${OPEN_HEAD}${OPEN_MIDDLE}|||0|||||||0||0||2147483647`,
    },
    events: [
      [
        'openOrder',
        8,
        expect.objectContaining(heldThere),
        expect.objectContaining({
          ...orderThere,
          clientId: 100,
          ocaGroup: 'oca-7',
          ocaType: 1,
          parentId: 7,
          exemptCode: -1,
        }),
        expect.objectContaining({ status: 'PreSubmitted' }),
      ],
    ],
  },
  { table: told.OPEN_ORDER_END, values: {}, rows: '53|1', events: [['openOrderEnd']] },
  {
    table: told.ORDER_STATUS,
    values: {
      orderId: 8,
      status: 'Filled',
      filled: '2',
      remaining: '1',
      avgFillPrice: '15260.5',
      permId: 600745656,
      parentId: 7,
      lastFillPrice: '15260.75',
      clientId: 100,
      whyHeld: 'child',
      mktCapPrice: '0',
    },
    rows: '3|8|Filled|2|1|15260.5|600745656|7|15260.75|100|child|0',
    events: [['orderStatus', 8, 'Filled', 2, 1, 15260.5, 600745656, 7, 15260.75, 100, 'child', 0]],
  },
  {
    table: told.COMPLETED_ORDER,
    values: {
      ...ORDER,
      status: 'Filled',
      filledQuantity: '2',
      completedTime: '20261120 15:31:00 US/Eastern',
      completedStatus: 'Filled Size: 2',
    },
    rows: {
      157: `${DONE_HEAD}|${DONE_MIDDLE}`,
      176: `${DONE_HEAD}|${DONE_MIDDLE}|||||`,
      178: `${DONE_HEAD}${DONE_MIDDLE}|||||`,
      193: `${DONE_HEAD}${DONE_MIDDLE}|||||||0`,
    },
    events: [
      [
        'completedOrder',
        expect.objectContaining(heldThere),
        expect.objectContaining({ ...orderThere, filledQuantity: 2 }),
        expect.objectContaining({ status: 'Filled', completedStatus: 'Filled Size: 2' }),
      ],
    ],
  },
  { table: told.COMPLETED_ORDERS_END, values: {}, rows: '102', events: [['completedOrdersEnd']] },
  {
    table: told.EXECUTION_DATA,
    values: {
      reqId: -1,
      orderId: 8,
      ...held,
      execId: '0000e0d5.67fe667b.01.01',
      time: '20261120 09:31:02 US/Eastern',
      account: 'DU1234567',
      executionExchange: 'CME',
      side: 'BOT',
      shares: '2',
      price: '15260.75',
      permId: 600745656,
      clientId: 100,
      liquidation: 0,
      cumQty: '3',
      avgPrice: '15260.5',
      orderRef: 'ref-7',
      evRule: '',
      evMultiplier: null,
      modelCode: '',
      lastLiquidity: 2,
      pendingPriceRevision: true,
    },
    rows: executionRows(),
    events: [
      [
        'execDetails',
        -1,
        expect.objectContaining(heldThere),
        expect.objectContaining({
          orderId: 8,
          execId: '0000e0d5.67fe667b.01.01',
          side: 'BOT',
          shares: 2,
          price: 15260.75,
          cumQty: 3,
          avgPrice: 15260.5,
          lastLiquidity: 2,
        }),
      ],
    ],
  },
  {
    table: told.EXECUTION_DATA_END,
    values: { reqId: 9008 },
    rows: '55|1|9008',
    events: [['execDetailsEnd', 9008]],
  },
  {
    table: told.COMMISSION_REPORT,
    values: {
      execId: '0000e0d5.67fe667b.01.01',
      commission: '4.5',
      currency: 'USD',
      realizedPNL: NO,
      yield: NO,
      yieldRedemptionDate: null,
    },
    rows: `59|1|0000e0d5.67fe667b.01.01|4.5|USD|${NO}|${NO}|`,
    events: [
      [
        'commissionReport',
        expect.objectContaining({
          execId: '0000e0d5.67fe667b.01.01',
          commission: 4.5,
          currency: 'USD',
          realizedPNL: undefined,
        }),
      ],
    ],
  },
];

function contractRows(): Rows {
  const names = 'NQ|FUT|20261218';
  const place = '0||CME|USD|NQZ6|NQ|NQ|711280073|0.25';
  const rest =
    '20|LMT,MKT,STP|CME,QBALGO|1|11004958|E-mini NASDAQ 100||202612||||US/Central|20261120:1700-20261121:1600|' +
    '20261120:0830-20261120:1600||0|1|ISIN|US0|2147483647|NQ|IND|67,67|20261218|';
  return {
    157: `10|8|9004|${names}|${place}|1|${rest}`,
    176: `10|9004|${names}|${place}|${rest}|1|2|3`,
    178: `10|9004|${names}|${place}|${rest}|1|2|3`,
    193: `10|9004|${names}|20261218|${place}|${rest}|1|2|3|1|R1|why`,
  };
}

function executionRows(): Rows {
  const row =
    `11|-1|8|${HELD_ROW}|0000e0d5.67fe667b.01.01|20261120 09:31:02 US/Eastern|DU1234567|CME|BOT|2|15260.75|600745656|100|0|` +
    '3|15260.5|ref-7||||2';
  return { 157: row, 176: row, 178: `${row}|1`, 193: `${row}|1` };
}

/** The client looks for a field there that the server stopped sending at 177, by the wrong version. */
const misreads = (table: Message, at: number) => table === told.COMPLETED_ORDER && at < 177;

const named = <T extends { readonly table: Message }>(list: readonly T[]): [string, T][] =>
  list.map((one) => [`${one.table.name} (${one.table.id})`, one]);

describe('every message at 157, 176, 178 and 193, field by field', () => {
  it('has a row for every table', () => {
    const rowed = new Set<Message>([...ASKED, ...TOLD].map(({ table }) => table));
    const without = [...asked.FROM_CLIENT, ...told.TO_CLIENT].filter((table) => !rowed.has(table as Message));
    expect(without.map(({ name }) => name)).toEqual(['startApi']);
  });

  it.each(named(ASKED))('reads %s as the client writes it', (_, { table, rows, call, values }) => {
    for (const at of WRITTEN_OUT) {
      const [id, ...fields] = rowAt(rows, at);
      expect(encoded(at, call), `${at}`).toEqual([id, ...fields]);
      expect(readMessage(table, at, fields), `${at}`).toMatchObject(values);
    }
  });

  it.each(named(TOLD))('writes %s as the client reads it', (_, { table, rows, values, events }) => {
    for (const at of WRITTEN_OUT) {
      const row = writeMessage(table, at, values as never);
      expect(row, `${at}`).toEqual(rowAt(rows, at));
      if (misreads(table, at)) expect(decoded(at, row).errors).toHaveLength(1);
      else expect(decoded(at, row), `${at}`).toEqual({ events, errors: [] });
    }
  });

  it('reads startApi as the socket of the client writes it', () => {
    expect(readMessage(asked.START_API, 193, ['2', '7', ''])).toEqual({
      version: 2,
      clientId: 7,
      optionalCapabilities: '',
    });
  });
});

describe('at every version from 157 to 193', () => {
  it.each(named(ASKED))('reads %s', (_, { table, call, values }) => {
    for (const at of EVERY)
      expect(readMessage(table, at, encoded(at, call).slice(1)), `${at}`).toMatchObject(values);
  });

  it.each(named(TOLD))('writes %s', (_, { table, values, events }) => {
    for (const at of EVERY.filter((one) => !misreads(table, one)))
      expect(decoded(at, writeMessage(table, at, values as never)), `${at}`).toEqual({ events, errors: [] });
  });
});

describe('one field more or less is refused', () => {
  it.each(named(ASKED))('%s from a client', (_, { table, call }) => {
    for (const at of WRITTEN_OUT) {
      const fields = encoded(at, call).slice(1);
      expect(() => readMessage(table, at, [...fields, '']), `${at}`).toThrow(Malformed);
      for (const left of fields.keys())
        expect(
          () => readMessage(table, at, fields.toSpliced(left, 1)),
          `${at}, without field ${left}`,
        ).toThrow(Malformed);
    }
  });

  it.each(named(TOLD))('%s by the client', (_, { table, values }) => {
    for (const at of WRITTEN_OUT.filter((one) => !misreads(table, one))) {
      const row = writeMessage(table, at, values as never);
      expect(decoded(at, [...row, '']).errors, `${at}`).toHaveLength(1);
      if (row.length > 1) expect(decoded(at, row.slice(0, -1)).errors, `${at}`).toHaveLength(1);
    }
  });
});

describe('what a field may hold', () => {
  const fields = (text: string, type: Field & { name: string }) =>
    readMessage({ id: 1, name: 'test', fields: [type] }, 193, [text]) as Record<string, unknown>;

  it.each([
    ['1e-05', '0.00001'],
    ['1.5E7', '15000000'],
    ['15234.250', '15234.25'],
    ['-0.0', '0'],
    ['.5', '0.5'],
    ['007', '7'],
    ['1.7976931348623157e+308', null],
    ['', null],
  ])('takes the price %s as %s', (text, price) => {
    expect(fields(text, { name: 'x', type: 'dec' })).toEqual({ x: price });
  });

  it.each([
    ['dec', 'NaN'],
    ['dec', 'Infinity'],
    ['dec', '1,5'],
    ['dec', '.'],
    ['dec', '1e'],
    ['int', '1.0'],
    ['int', '2147483648'],
    ['int', '0x1'],
    ['int', ' 1'],
    ['bool', '2'],
    ['bool', 'true'],
  ] as const)('refuses as %s: %s', (type, text) => {
    expect(() => fields(text, { name: 'x', type })).toThrow(Malformed);
  });

  it('refuses another version of a message than those that are known', () => {
    expect(() => readMessage(asked.REQ_MKT_DATA, 193, ['10', '1'])).toThrow('version: 10 is none of 11');
  });

  it('writes nothing that the table does not know or that is missing', () => {
    expect(() => writeMessage(told.NEXT_VALID_ID, 193, { orderId: 1, more: 2 } as never)).toThrow(
      'no field more',
    );
    expect(() => writeMessage(told.NEXT_VALID_ID, 193, {} as never)).toThrow('needs its field orderId');
  });
});

describe('an order with all its parts', () => {
  const whole: Order = {
    ...STOP,
    orderType: OrderType.PEG_BENCH,
    deltaNeutralOrderType: 'MKT',
    deltaNeutralAuxPrice: 3.5,
    deltaNeutralConId: 77,
    deltaNeutralOpenClose: 'C',
    deltaNeutralShortSale: true,
    deltaNeutralShortSaleSlot: 2,
    deltaNeutralDesignatedLocation: 'here',
    scaleInitLevelSize: 3,
    scaleSubsLevelSize: 4,
    scalePriceIncrement: 0.25,
    scalePriceAdjustValue: 0.75,
    scaleAutoReset: true,
    scaleInitPosition: 5,
    scaleInitFillQty: 6,
    hedgeType: 'B',
    hedgeParam: '1.5',
    algoStrategy: 'Adaptive',
    algoParams: [{ tag: 'adaptivePriority', value: 'Normal' }],
    smartComboRoutingParams: [{ tag: 'NonGuaranteed', value: '1' }],
    orderComboLegs: [{ price: 1.25 }, { price: 1.5 }],
    referenceContractId: 88,
    isPeggedChangeAmountDecrease: true,
    peggedChangeAmount: 0.1,
    referenceChangeAmount: 0.2,
    referenceExchangeId: 'NYSE',
    conditions: [
      {
        type: OrderConditionType.Price,
        conjunctionConnection: 'a',
        isMore: true,
        strValue: '15300.5',
        conId: 1,
        exchange: 'CME',
        triggerMethod: 4,
      },
      {
        type: OrderConditionType.Time,
        conjunctionConnection: 'o',
        isMore: true,
        strValue: '20261120-21:00:00',
      },
      { type: OrderConditionType.Margin, conjunctionConnection: 'a', isMore: false, strValue: '30' },
      {
        type: OrderConditionType.Execution,
        conjunctionConnection: 'a',
        secType: 'FUT',
        exchange: 'CME',
        symbol: 'ES',
      },
      {
        type: OrderConditionType.Volume,
        conjunctionConnection: 'a',
        isMore: true,
        strValue: '9',
        conId: 2,
        exchange: 'CME',
      },
      {
        type: OrderConditionType.PercentChange,
        conjunctionConnection: 'a',
        isMore: true,
        strValue: '2.5',
        conId: 3,
        exchange: 'CME',
      },
    ] as unknown as NonNullable<Order['conditions']>,
    conditionsIgnoreRth: true,
    conditionsCancelOrder: false,
  };
  const bag: Contract = {
    symbol: 'NQ',
    secType: SecType.BAG,
    exchange: 'CME',
    currency: 'USD',
    comboLegs: [
      { conId: 1, ratio: 1, action: 'BUY' as never, exchange: 'CME' },
      { conId: 2, ratio: 2, action: 'SELL' as never, exchange: 'CME' },
    ],
    deltaNeutralContract: { conId: 9, delta: 0.5, price: 12.5 },
  };

  it('is read part by part at every version', () => {
    for (const at of EVERY) {
      const fields = encoded(at, (encoder) => encoder.placeOrder(9, bag, whole)).slice(1);
      expect(readMessage(asked.PLACE_ORDER, at, fields), `${at}`).toMatchObject({
        comboLegs: [
          { conId: 1, ratio: 1, action: 'BUY' },
          { conId: 2, ratio: 2, action: 'SELL' },
        ],
        orderComboLegs: [{ price: '1.25' }, { price: '1.5' }],
        smartComboRoutingParams: [{ tag: 'NonGuaranteed', value: '1' }],
        deltaNeutralConId: 77,
        deltaNeutralDesignatedLocation: 'here',
        scalePriceAdjustValue: '0.75',
        scaleInitFillQty: 6,
        hedgeParam: '1.5',
        deltaNeutralContractPrice: '12.5',
        algoParams: [{ tag: 'adaptivePriority', value: 'Normal' }],
        referenceContractId: 88,
        referenceExchangeId: 'NYSE',
        conditions: [
          {
            type: 1,
            conjunction: 'a',
            isMore: true,
            value: '15300.5',
            conId: 1,
            exchange: 'CME',
            triggerMethod: 4,
          },
          { type: 3, conjunction: 'o', isMore: true, value: '20261120-21:00:00' },
          { type: 4, isMore: false, value: '30' },
          { type: 5, executionSecType: 'FUT', executionExchange: 'CME', executionSymbol: 'ES' },
          { type: 6, value: '9', conId: 2, exchange: 'CME' },
          { type: 7, value: '2.5', conId: 3, exchange: 'CME' },
        ],
        conditionsIgnoreRth: true,
        conditionsCancelOrder: false,
      });
    }
  });
});

describe('frames', () => {
  const greeting = Buffer.concat([Buffer.from('API\0'), Buffer.from([0, 0, 0, 9]), Buffer.from('v100..193')]);

  it('are the same wherever the bytes are cut', () => {
    const bytes = Buffer.concat([greeting, encodeFrame(['71', '2', '7', '']), encodeFrame(['49', '1'])]);
    for (const cut of bytes.keys()) {
      const reader = new FrameReader();
      const parts = [reader.push(bytes.subarray(0, cut)), reader.push(bytes.subarray(cut))];
      expect(parts.map((part) => part.greeting).filter(Boolean)).toEqual([{ oldest: 100, newest: 193 }]);
      expect(parts.flatMap((part) => part.frames)).toEqual([
        ['71', '2', '7', ''],
        ['49', '1'],
      ]);
    }
  });

  it.each<[string, Buffer]>([
    ['another prefix', Buffer.from('GET / HTTP/1.1\r\n')],
    ['no versions', Buffer.concat([Buffer.from('API\0'), Buffer.from([0, 0, 0, 2]), Buffer.from('hi')])],
    ['a length of nothing', Buffer.concat([greeting, Buffer.from([0, 0, 0, 0])])],
    ['a negative length', Buffer.concat([greeting, Buffer.from([255, 255, 255, 255])])],
    ['more than 16 MB', Buffer.concat([greeting, Buffer.from([1, 0, 0, 0])])],
    ['a field that does not end', Buffer.concat([greeting, Buffer.from([0, 0, 0, 2]), Buffer.from('49')])],
  ])('end the connection: %s', (_, bytes) => {
    expect(() => new FrameReader().push(bytes)).toThrow(BrokenFrame);
  });
});
