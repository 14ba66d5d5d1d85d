import { type AuditParts, createAudit } from '../../src/auditor/create-audit.js';
import { ownEquity } from '../../src/auditor/own-equity.js';
import type { TraderStatus } from '../../src/contracts/trader-status.js';
import { formatDecimal } from '../../src/domain/decimal.js';
import { formatMoney } from '../../src/domain/money.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import type { BookReading, OwnPrice } from '../../src/venue/port.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const desk = cryptoDesk();
export const instruments = buildInstruments(desk);
const risk = { ...desk.risk, maxPositionSizePct: 10, maxConcurrentPositions: 2 };
export const CASH = 10_000 * 1e8;
export const PRICE = 50_000;

interface World {
  readonly lots: Record<string, number>;
  readonly price: number;
  /** Of the venue's book before what is held was bought; 10,000 where left out. */
  readonly cash?: number;
  /** What the venue itself counts the account as worth. */
  readonly equity?: number;
  /** Lots in the account besides those of the desk: no person has said whose they are. */
  readonly nobodys?: Record<string, number>;
  /** What the trader says besides the truth. */
  readonly says?: Partial<TraderStatus>;
}

/** A venue, a trader that knows it, and the auditor; `world` is what both are at each look. */
export function watchedDesk(): { look: (world: World) => Promise<string | null>; trader: ScriptedTrader } {
  const trader = new ScriptedTrader('abc123');
  trader.mode = 'ACTIVE';
  let now: World = { lots: {}, price: PRICE };
  const prices = (): ReadonlyMap<string, OwnPrice> =>
    new Map(instruments.map(({ symbol }) => [symbol, { bid: now.price, ask: now.price + 1 }]));
  const book = (): BookReading => {
    const positions = new Map(Object.entries(now.lots).filter(([, lots]) => lots !== 0));
    const spent = [...positions].reduce((sum, [symbol, lots]) => sum + worth(symbol, lots, PRICE), 0);
    const equity = now.equity === undefined ? {} : { equity: now.equity * 1e8 };
    return { cash: (now.cash === undefined ? CASH : now.cash * 1e8) - spent, positions, ...equity };
  };
  const account = (): BookReading => {
    const { positions, ...rest } = book();
    const all = new Map(positions);
    for (const [symbol, lots] of Object.entries(now.nobodys ?? {}))
      all.set(symbol, (all.get(symbol) ?? 0) + lots);
    return { ...rest, positions: all };
  };
  const parts: AuditParts = {
    trader: trader.client,
    instruments,
    risk,
    readBook: account,
    readPrices: () => Promise.resolve(prices()),
    onPricesMissing: () => undefined,
  };
  const truth = trader.status.bind(trader);
  trader.status = () => {
    const reading = book();
    const own = ownEquity(reading, { cash: '0' }, instruments, prices());
    return {
      ...truth(),
      cash: formatMoney(reading.cash ?? 0, 2),
      equity: formatMoney(own?.equity ?? 0, 2),
      lossesCountFrom: (now.cash ?? 10_000).toFixed(2),
      positions: [...reading.positions].map(([symbol, lots]) => heldBy(symbol, lots)),
      coins: Object.entries(now.nobodys ?? {}).map(([symbol, lots]) => nobodysCoins(symbol, lots)),
      ...now.says,
    };
  };
  const audit = createAudit(parts);
  return {
    trader,
    look: (world) => {
      now = world;
      return audit();
    },
  };
}

export function worth(symbol: string, lots: number, price: number): number {
  const { tickSize, moneyPerTickLot } = instruments.find((known) => known.symbol === symbol)!;
  return Math.round((lots * price * moneyPerTickLot) / Number(tickSize));
}

function heldBy(symbol: string, lots: number): TraderStatus['positions'][number] {
  const { lotSize } = instruments.find((known) => known.symbol === symbol)!;
  return {
    symbol,
    side: 'long',
    quantity: formatDecimal(lots, lotSize),
  } as TraderStatus['positions'][number];
}

function nobodysCoins(symbol: string, lots: number): TraderStatus['coins'][number] {
  const { lotSize } = instruments.find((known) => known.symbol === symbol)!;
  return { symbol, nobodys: formatDecimal(lots, lotSize), foreign: '0', toMove: '0' };
}

/** Worth 1,000 at the price of 50,000: as much as is allowed. */
export const ALLOWED = { 'BTC/USDT': 2_000 };
