/**
 * Local servers that answer what the library asks of Bybit, KuCoin, Kraken and OKX without a key. As strict as the venues: an unknown
 * path or pair is refused in the venue's own form, and a page is as long as theirs.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LiveAddresses } from '../../src/venue/prices.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';

const MINUTE_S = 60;
/** Base of each pair, and its price. */
const PAIRS = { BTC: 60_000, ETH: 3000 } as const;
type Base = keyof typeof PAIRS;

export interface PublicVenue {
  readonly addresses: LiveAddresses;
  /** Paths asked for, with their queries. */
  readonly requests: URL[];
  close(): Promise<void>;
}

interface Speech {
  /** Hosts that are the venue's. */
  readonly hosts: RegExp;
  /** Answer to a request; null: there is no such path. */
  answer(url: URL, method: string): unknown;
}

async function startVenue(speech: Speech): Promise<PublicVenue> {
  const requests: URL[] = [];
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://local');
    requests.push(url);
    const body = speech.answer(url, request.method ?? 'GET');
    response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(body ?? { code: '404', msg: 'Not Found', error: ['EGeneral:Unknown method'] }),
    );
  });
  const port = (): number => (http.address() as AddressInfo).port;
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    addresses: {
      market: null,
      http: (url) =>
        url.replace(/^https:\/\/([^/]+)/, (_, host: string) =>
          speech.hosts.test(host) ? `http://127.0.0.1:${port()}` : 'http://127.0.0.1:9',
        ),
      streams: () => undefined,
    },
    requests,
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const nowS = (): number => Math.floor(steadyNowMs() / 1000);
const BASES = Object.keys(PAIRS) as Base[];
const baseOf = (name: string, of: (base: Base) => string): Base | undefined =>
  BASES.find((base) => of(base) === name);

/** Whether nothing was traded in the minute that opens then. */
export type Lacks = (openS: number) => boolean;
const lacksNone: Lacks = () => false;

/** Opening times of minutes from `fromS` on up to the one that still runs. */
function minutesFrom(fromS: number, untilS = Number.POSITIVE_INFINITY): number[] {
  const first = Math.ceil(fromS / MINUTE_S) * MINUTE_S;
  const last = Math.min(untilS, Math.floor(nowS() / MINUTE_S) * MINUTE_S);
  return Array.from({ length: Math.max(0, (last - first) / MINUTE_S + 1) }, (_, at) => first + at * MINUTE_S);
}

const DAY_S = 1440 * MINUTE_S;

/** Opening times of days in which something was traded, up to the one that still runs. */
function daysFrom(fromS: number, untilS: number, lacks: Lacks): number[] {
  const first = Math.ceil(fromS / DAY_S) * DAY_S;
  const last = Math.min(untilS, nowS());
  const days = Array.from(
    { length: Math.max(0, Math.floor((last - first) / DAY_S) + 1) },
    (_, at) => first + at * DAY_S,
  );
  return days.filter((day) => !minutesFrom(day, day + DAY_S - MINUTE_S).every(lacks));
}

const PAGE_BYBIT = 1000;

/** Newest candles first; with a start, those that follow it. A refusal is an answer with 200. */
export function startBybit(lacks = lacksNone): Promise<PublicVenue> {
  const id = (base: Base): string => `${base}USDT`;
  const said = (retCode: number, retMsg: string, result: object) => ({
    ...{ retCode, retMsg, result, retExtInfo: {}, time: Math.round(steadyNowMs()) },
  });
  const refused = said(10001, 'Not supported symbols', {});
  return startVenue({
    hosts: /(^|\.)bybit\.com$/,
    answer({ pathname, searchParams }) {
      if (pathname === '/v5/market/time')
        return said(0, 'OK', { timeSecond: `${nowS()}`, timeNano: `${nowS()}000000000` });
      if (searchParams.get('category') !== 'spot') return refused;
      const base = baseOf(searchParams.get('symbol') ?? '', id);
      switch (pathname) {
        case '/v5/market/instruments-info':
          return said(0, 'OK', { category: 'spot', list: BASES.map((one) => bybitSymbol(one, id(one))) });
        case '/v5/market/tickers': {
          if (base === undefined && searchParams.has('symbol')) return refused;
          const list = (base === undefined ? BASES : [base]).map((one) => ({
            ...{ symbol: id(one), bid1Price: `${PAIRS[one]}`, bid1Size: '1', ask1Price: `${PAIRS[one] + 1}` },
            ...{ ask1Size: '2', lastPrice: `${PAIRS[one]}` },
          }));
          return said(0, 'OK', { category: 'spot', list });
        }
        case '/v5/market/kline': {
          if (base === undefined || searchParams.get('interval') !== '1') return refused;
          const limit = Number(searchParams.get('limit') ?? 200);
          if (limit < 1 || limit > PAGE_BYBIT) return refused;
          const price = PAIRS[base];
          const times = minutesFrom(Number(searchParams.get('start')) / 1000)
            .filter((at) => !lacks(at))
            .slice(0, limit);
          const [high, low, close] = [price + 10, price - 10, price + 5].map(String);
          const list = times
            .reverse()
            .map((at) => [`${at}000`, `${price}`, high, low, close, '1.5', '90000']);
          return said(0, 'OK', { category: 'spot', symbol: id(base), list });
        }
        default:
          return null;
      }
    },
  });
}

function bybitSymbol(base: Base, symbol: string): object {
  return {
    ...{
      symbol,
      baseCoin: base,
      quoteCoin: 'USDT',
      innovation: '0',
      status: 'Trading',
      marginTrading: 'none',
    },
    lotSizeFilter: {
      ...{
        basePrecision: '0.00001',
        quotePrecision: '0.0000001',
        minOrderQty: '0.00001',
        maxOrderQty: '100',
      },
      ...{ minOrderAmt: '5', maxOrderAmt: '4000000' },
    },
    priceFilter: { tickSize: '0.01' },
  };
}

const PAGE_KUCOIN = 1500;
const OK = '200000';

/** Newest candles first, open before close before high before low. A page is a span of time. */
export function startKucoin(lacks = lacksNone): Promise<PublicVenue> {
  const name = (base: Base): string => `${base}-USDT`;
  const refused = { code: '400100', msg: 'This pair is not provided at present' };
  return startVenue({
    hosts: /(^|\.)kucoin\.com$/,
    answer(url, method) {
      const base = baseOf(url.searchParams.get('symbol') ?? '', name);
      switch (`${method} ${url.pathname}`) {
        case 'GET /api/v1/timestamp':
          return { code: OK, msg: 'success', data: Math.round(steadyNowMs()) };
        case 'GET /api/v2/symbols':
          return { code: OK, data: BASES.map((one) => kucoinSymbol(one, name(one))) };
        case 'GET /api/v1/market/stats':
          if (base === undefined) return refused;
          return {
            code: OK,
            data: { symbol: name(base), buy: `${PAIRS[base]}`, sell: `${PAIRS[base] + 1}` },
          };
        case 'GET /api/v1/market/candles': {
          const type = url.searchParams.get('type');
          if (base === undefined || (type !== '1min' && type !== '1day')) return refused;
          const [startAt = 0, endAt = 0] = ['startAt', 'endAt'].map((key) =>
            Number(url.searchParams.get(key)),
          );
          const price = PAIRS[base];
          const all =
            type === '1day'
              ? daysFrom(startAt, endAt - 1, lacks)
              : minutesFrom(startAt, endAt - 1).filter((at) => !lacks(at));
          const times = all.slice(-PAGE_KUCOIN).reverse();
          return {
            code: OK,
            data: times.map((at) => [
              `${at}`,
              `${price}`,
              `${price + 5}`,
              `${price + 10}`,
              `${price - 10}`,
              '1.5',
              '1',
            ]),
          };
        }
        default:
          return null;
      }
    },
  });
}

function kucoinSymbol(base: Base, symbol: string): object {
  return {
    ...{
      symbol,
      name: symbol,
      baseCurrency: base,
      quoteCurrency: 'USDT',
      feeCurrency: 'USDT',
      market: 'USDS',
    },
    ...{ baseMinSize: '0.00001', quoteMinSize: '0.1', baseMaxSize: '10000', quoteMaxSize: '99999999' },
    ...{ baseIncrement: '0.00001', quoteIncrement: '0.01', priceIncrement: '0.01', priceLimitRate: '0.1' },
    ...{ minFunds: '0.1', isMarginEnabled: false, enableTrading: true },
  };
}

const PAGE_KRAKEN = 720;

/** Bitcoin is XBT; the newest 720 candles only, those after `since`. */
export function startKraken(): Promise<PublicVenue> {
  const id = (base: Base): string => `${base === 'BTC' ? 'XBT' : base}USDT`;
  const unknown = { error: ['EQuery:Unknown asset pair'] };
  return startVenue({
    hosts: /(^|\.)kraken\.com$/,
    answer(url) {
      const base = baseOf(url.searchParams.get('pair') ?? '', id);
      switch (url.pathname) {
        case '/0/public/Time':
          return { error: [], result: { unixtime: nowS(), rfc1123: new Date(nowS() * 1000).toUTCString() } };
        case '/0/public/AssetPairs':
          return {
            error: [],
            result: Object.fromEntries(BASES.map((one) => [id(one), krakenPair(one, id(one))])),
          };
        case '/0/public/Ticker': {
          if (base === undefined) return unknown;
          const price = PAIRS[base];
          const ticker = {
            a: [`${price + 1}`, '2', '2.000'],
            b: [`${price}`, '1', '1.000'],
            c: [`${price}`, '1'],
          };
          return { error: [], result: { [id(base)]: ticker } };
        }
        case '/0/public/OHLC': {
          if (base === undefined || url.searchParams.get('interval') !== '1') return unknown;
          const price = PAIRS[base];
          const times = minutesFrom(Number(url.searchParams.get('since')) + 1).slice(-PAGE_KRAKEN);
          const [high, low, close] = [price + 10, price - 10, price + 5].map(String);
          const rows = times.map((at) => [at, `${price}`, high, low, close, `${price}`, '1.5', 3]);
          return { error: [], result: { [id(base)]: rows, last: times.at(-2) ?? 0 } };
        }
        default:
          return null;
      }
    },
  });
}

function krakenPair(base: Base, altname: string): object {
  const asset = base === 'BTC' ? 'XXBT' : 'XETH';
  return {
    ...{ altname, wsname: `${altname.slice(0, 3)}/USDT`, aclass_base: 'currency', base: asset },
    ...{ aclass_quote: 'currency', quote: 'USDT', lot: 'unit', pair_decimals: 2, lot_decimals: 8 },
    ...{ lot_multiplier: 1, leverage_buy: [], leverage_sell: [], fees: [[0, 0.4]], fees_maker: [[0, 0.25]] },
    ...{ fee_volume_currency: 'ZUSD', ordermin: '0.0001', costmin: '0.5', status: 'online' },
  };
}

const PAGE_OKX = 300;
/** As far back as the newest candles go; older ones have a path of their own. */
const NEWEST_OKX = 1440;

/** Newest candles first, those after `before` and before `after`, neither included. A page is a span of time. */
export function startOkx(lacks = lacksNone): Promise<PublicVenue> {
  const id = (base: Base): string => `${base}-USDT`;
  const told = (data: readonly unknown[]) => ({ code: '0', msg: '', data });
  const refused = (code: string, msg: string) => ({ code, msg, data: [] });
  const candles = ({ searchParams }: URL, isOld: boolean): object => {
    const base = baseOf(searchParams.get('instId') ?? '', id);
    if (base === undefined)
      return refused('51001', "Instrument ID, Instrument code, or Spread ID doesn't exist.");
    const bar = searchParams.get('bar');
    if (bar !== '1m' && bar !== '1Dutc') return refused('51000', 'Parameter bar error');
    const number = (key: string, left: number): number => Number(searchParams.get(key) ?? left);
    const [limit, before, after] = [number('limit', 100), number('before', 0), number('after', Date.now())];
    if (limit < 1 || limit > PAGE_OKX) return refused('51000', 'Parameter limit error');
    const [fromS, untilS] = [(before + 1) / 1000, (after - 1) / 1000];
    const spanS = bar === '1m' ? MINUTE_S : DAY_S;
    const all =
      bar === '1m' ? minutesFrom(fromS, untilS).filter((at) => !lacks(at)) : daysFrom(fromS, untilS, lacks);
    const there = all.filter((at) => isOld || at > nowS() - NEWEST_OKX * spanS);
    const price = PAIRS[base];
    const [high, low, close] = [price + 10, price - 10, price + 5].map(String);
    const rows = there.slice(-limit).reverse();
    return told(rows.map((at) => [`${at}000`, `${price}`, high, low, close, '1.5', '90000', '90000', '1']));
  };
  return startVenue({
    hosts: /(^|\.)okx\.com$/,
    answer(url) {
      switch (url.pathname) {
        case '/api/v5/public/time':
          return told([{ ts: `${Math.round(steadyNowMs())}` }]);
        case '/api/v5/public/instruments':
          if (url.searchParams.get('instType') !== 'SPOT')
            return refused('51000', 'Parameter instType error');
          return told(BASES.map((one) => okxInstrument(one, id(one))));
        case '/api/v5/market/candles':
          return candles(url, false);
        case '/api/v5/market/history-candles':
          return candles(url, true);
        default:
          return null;
      }
    },
  });
}

function okxInstrument(base: Base, instId: string): object {
  return {
    ...{
      instType: 'SPOT',
      instId,
      baseCcy: base,
      quoteCcy: 'USDT',
      state: 'live',
      listTime: '1548133413000',
    },
    ...{ tickSz: '0.1', lotSz: '0.00000001', minSz: '0.00001', maxLmtSz: '9999', maxMktSz: '1000000' },
  };
}
