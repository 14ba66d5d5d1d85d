import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type AuditParts, compareBooks, createAudit } from '../../src/auditor/create-audit.js';
import { HeldLately, LateCash } from '../../src/auditor/lateness.js';
import { readPaperBook } from '../../src/auditor/start-auditor.js';
import type { PositionStatus, TraderStatus } from '../../src/contracts/trader-status.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { openPaperVenue } from '../../src/venue/paper/paper-venue.js';
import type { BookReading, OwnPrices } from '../../src/venue/port.js';
import { cryptoDesk } from '../operations/support/crypto-desk.js';
import { PaperBench } from '../venue/paper-bench.js';
import { ScriptedTrader } from '../workflows/support/scripted-trader.js';

const desk = cryptoDesk();
const instruments = buildInstruments(desk);
const CASH = 10_000 * 1e8;

function position(symbol: string, quantity: string, side: 'long' | 'short' = 'long'): PositionStatus {
  return { symbol, side, quantity } as PositionStatus;
}

const book = (positions: [string, number][] = [], cash = CASH): BookReading => ({
  cash,
  positions: new Map(positions),
});

describe('the comparison of books', () => {
  it('finds nothing where quantities and cash agree', () => {
    const status = { positions: [position('BTC/USDT', '0.00500')], dust: [] };
    expect(compareBooks(book([['BTC/USDT', 500]]), status, instruments)).toEqual([]);
  });

  it('counts of dust, which is told to the last place, the whole lots', () => {
    const dust = (quantity: string) => ({
      positions: [],
      dust: [{ symbol: 'BTC/USDT', quantity, value: '0.18' }],
    });
    expect(compareBooks(book(), dust('0.00000824'), instruments)).toEqual([]);
    expect(compareBooks(book([['BTC/USDT', 3]]), dust('0.00003824'), instruments)).toEqual([]);
    expect(compareBooks(book(), dust('0.00003824'), instruments)).toEqual([
      'BTC/USDT: the trader has 0.00003, the venue 0.00000',
    ]);
  });

  it('names a position that only one of the two has, and its side', () => {
    const none = { positions: [], dust: [] };
    expect(compareBooks(book([['BTC/USDT', 500]]), none, instruments)).toEqual([
      'BTC/USDT: the trader has 0.00000, the venue 0.00500',
    ]);
    const short = { positions: [position('ETH/USDT', '0.1', 'short')], dust: [] };
    expect(compareBooks(book([['ETH/USDT', 1000]]), short, instruments)).toEqual([
      'ETH/USDT: the trader has -0.1000, the venue 0.1000',
    ]);
  });

  it('takes a list of the venue that shows what was held lately for late, and not for long', () => {
    let nowMs = 0;
    const held = new HeldLately(() => nowMs);
    const long = { positions: [position('BTC/USDT', '0.00500')], dust: [] };
    const flat = { positions: [], dust: [] };
    held.note(long);
    nowMs = 3_000;
    held.note(flat);
    const late = book([['BTC/USDT', 500]]);
    expect(compareBooks(late, flat, instruments, held)).toEqual([]);
    expect(compareBooks(book([['BTC/USDT', 400]]), flat, instruments, held)).toHaveLength(1);
    nowMs = 14_999;
    held.note(flat);
    expect(compareBooks(late, flat, instruments, held)).toEqual([]);
    nowMs = 15_000;
    held.note(flat);
    expect(compareBooks(late, flat, instruments, held)).toEqual([
      'BTC/USDT: the trader has 0.00000, the venue 0.00500',
    ]);
  });

  it('6,000 of 10,000 USDT taken out do not stay clean: told once the trader has read and seen nothing', () => {
    const late = new LateCash();
    const taken = book([], CASH - 6_000 * 1e8);
    const says = (atWallMs: number, state: 'clean' | 'differences' = 'clean') => ({
      ...{ cash: '10000.00', currency: 'USDT' },
      reconciliation: { state, atWallMs, differences: [] },
    });
    expect(late.look(book([], CASH), says(1))).toEqual([]);
    expect([late.look(taken, says(1)), late.isOpen]).toEqual([[], true]);
    expect(late.look(taken, says(1))).toEqual([]);
    expect(late.look(taken, says(2, 'differences'))).toEqual([]);
    expect(late.look(taken, says(2))).toEqual(['cash: the trader has 10000.00, the venue 4000.00']);
    expect([late.look(book([], CASH), says(3)), late.isOpen]).toEqual([[], false]);
  });

  it('a fee that the venue tells late is waited for as long as the trader does, and nothing larger', () => {
    const late = new LateCash();
    const says = (atWallMs: number, feesAwaited: string) => ({
      ...{ cash: '10000.00', currency: 'USDT' },
      reconciliation: { state: 'clean' as const, atWallMs, differences: [] },
      books: { feesAwaited } as TraderStatus['books'],
    });
    const less = book([], CASH - 0.25 * 1e8);
    for (const atMs of [1, 2, 3])
      expect([late.look(less, says(atMs, '2.25000000')), late.isOpen]).toEqual([[], true]);
    expect(late.look(less, says(4, '0.00000000'))).toEqual([
      'cash: the trader has 10000.00, the venue 9999.75',
    ]);
    const much = new LateCash();
    const gone = book([], CASH - 23 * 1e8);
    expect(much.look(gone, says(1, '2.25000000'))).toEqual([]);
    expect(much.look(gone, says(2, '2.25000000'))).toEqual([
      'cash: the trader has 10000.00, the venue 9977.00',
    ]);
  });

  it('0.001 of 0.5 BTC taken out do not stay clean either', () => {
    const late = new LateCash();
    const says = (atWallMs: number) => ({
      ...{ cash: '0.50000000', currency: 'BTC' },
      reconciliation: { state: 'clean' as const, atWallMs, differences: [] },
    });
    for (const atMs of [1, 1]) expect(late.look(book([], 0.499 * 1e8), says(atMs))).toEqual([]);
    expect(late.look(book([], 0.499 * 1e8), says(2))).toEqual([
      'cash: the trader has 0.50000000, the venue 0.49900000',
    ]);
    expect(late.look(book([], 0.5 * 1e8 - 3), says(3))).toEqual([]);
    expect(late.isOpen).toBe(false);
  });
});

const PRICES: OwnPrices = new Map([
  ['BTC/USDT', { bid: 50_000, ask: 50_002 }],
  ['ETH/USDT', { bid: 3_000, ask: 3_001 }],
]);

function parts(trader: ScriptedTrader): Omit<AuditParts, 'readBook'> {
  return {
    trader: trader.client,
    instruments,
    risk: desk.risk,
    readPrices: () => Promise.resolve(PRICES),
    onPricesMissing: () => undefined,
  };
}

describe('the auditor', () => {
  it('halts at the second look at the same difference, once, and again after it had gone', async () => {
    const trader = new ScriptedTrader('abc123');
    let reading = book([['BTC/USDT', 500]]);
    const audit = createAudit({ ...parts(trader), readBook: () => reading });
    expect(await audit()).toBeNull();
    expect(await audit()).toContain('BTC/USDT');
    expect(await audit()).toBeNull();
    expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor', resume: 'person' }]);
    reading = book();
    await audit();
    reading = book([['BTC/USDT', 500]]);
    await audit();
    expect(await audit()).toContain('BTC/USDT');
    expect(trader.sent('halt')).toHaveLength(2);
  });

  it('halts again for the same difference once people have let the desk trade with it', async () => {
    const trader = new ScriptedTrader('abc123');
    const audit = createAudit({ ...parts(trader), readBook: () => book([['BTC/USDT', 500]]) });
    for (let look = 0; look < 4; look += 1) await audit();
    expect(trader.sent('halt')).toHaveLength(1);
    trader.halts = [];
    trader.mode = 'ACTIVE';
    expect(await audit()).toBeNull();
    expect(await audit()).toContain('BTC/USDT');
    expect(trader.sent('halt')).toHaveLength(2);
  });

  it('halts for 6,000 of 10,000 USDT taken out that the trader calls clean after a reading of its own', async () => {
    const trader = new ScriptedTrader('abc123');
    const audit = createAudit({ ...parts(trader), readBook: () => book([], CASH - 6_000 * 1e8) });
    await audit();
    await audit();
    expect(trader.sent('halt')).toEqual([]);
    trader.readAtWallMs = 1;
    await audit();
    expect(await audit()).toContain('cash: the trader has 10000.00, the venue 4000.00');
    expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor', resume: 'person' }]);
  });

  it('does not halt for a fill that has reached one book and not yet the other', async () => {
    const trader = new ScriptedTrader('abc123');
    const readings = [
      book([['BTC/USDT', 500]]),
      book(),
      book([['BTC/USDT', 100]]),
      book([['BTC/USDT', 200]]),
    ];
    const audit = createAudit({
      ...parts(trader),
      readBook: () => readings.shift() ?? book(),
    });
    for (let look = 0; look < 5; look += 1) await audit();
    expect(trader.sent('halt')).toEqual([]);
  });

  it('halts where the venue holds another position at each look, while the trader sees none of it', async () => {
    const trader = new ScriptedTrader('abc123');
    let nowMs = 0;
    let lots = 0;
    const readBook = () => book([['BTC/USDT', lots]]);
    const audit = createAudit({ ...parts(trader), readBook, nowMs: () => nowMs });
    for (; nowMs < 30_000; nowMs += 3_000) {
      lots += 100;
      expect(await audit()).toBeNull();
    }
    // Once they agree it is over.
    lots = 0;
    await audit();
    for (const endMs = nowMs + 30_000; nowMs <= endMs; nowMs += 3_000) {
      lots += 100;
      expect(await audit()).toBeNull();
    }
    lots += 100;
    expect(await audit()).toBe(
      "the venue's book differs from the trader's: BTC/USDT: the trader has 0.00000, the venue 0.01200",
    );
    expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor' }]);
    // From here on it stays: found as any other, and not told once more as what had changed.
    nowMs += 3_000;
    expect(await audit()).toContain('0.01200');
    for (const endMs = nowMs + 60_000; nowMs <= endMs; nowMs += 3_000) expect(await audit()).toBeNull();
  });

  it('halts where the venue has less cash at each look, while the trader reads it and sees none of it', async () => {
    const trader = new ScriptedTrader('abc123');
    let nowMs = 0;
    const readBook = () => book([], CASH - (nowMs + 3_000) * 1e8);
    const audit = createAudit({ ...parts(trader), readBook, nowMs: () => nowMs });
    for (; nowMs <= 33_000; nowMs += 3_000) {
      trader.readAtWallMs = nowMs;
      expect(await audit()).toBeNull();
    }
    trader.readAtWallMs = nowMs;
    expect(await audit()).toContain('cash: the trader has 10000.00');
    expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor' }]);
  });

  it('does not halt for an order that fills at each look in parts, which the trader hears of', async () => {
    const trader = new ScriptedTrader('abc123');
    let nowMs = 0;
    let lots = 0;
    const status = trader.status.bind(trader);
    trader.status = () => ({
      ...status(),
      positions: lots === 0 ? [] : [position('BTC/USDT', `${(lots / 100_000).toFixed(5)}`)],
    });
    const readBook = () => {
      lots += 100; // between the trader's answer and the venue's
      return book([['BTC/USDT', lots]]);
    };
    const audit = createAudit({ ...parts(trader), readBook, nowMs: () => nowMs });
    for (; nowMs < 90_000; nowMs += 3_000) expect(await audit()).toBeNull();
  });

  it.each(['pending', 'failed'] as const)(
    'halts a trader that trades on while its own readings stay %s for minutes',
    async (state) => {
      const trader = new ScriptedTrader('abc123');
      trader.mode = 'ACTIVE';
      trader.reconciliation = state;
      let nowMs = 0;
      const audit = createAudit({ ...parts(trader), readBook: () => null, nowMs: () => nowMs });
      for (const atMs of [0, 120_000, 239_000]) {
        nowMs = atMs;
        await audit();
        await audit();
      }
      expect(trader.sent('halt')).toEqual([]);
      nowMs = 240_000;
      await audit();
      expect(await audit()).toContain('no reading of its account has agreed for 240 s');
      expect(trader.sent('halt')).toMatchObject([{ by: 'auditor', cause: 'auditor' }]);
    },
  );

  it('leaves a trader its exits while its readings agree on what differs', async () => {
    const trader = new ScriptedTrader('abc123');
    trader.mode = 'REDUCING';
    trader.reconciliation = 'differences';
    let nowMs = 0;
    const audit = createAudit({ ...parts(trader), readBook: () => null, nowMs: () => nowMs });
    for (nowMs = 0; nowMs <= 600_000; nowMs += 60_000) await audit();
    expect(trader.sent('halt')).toEqual([]);
  });

  it('completes an audit where it compared the books, whatever it found', async () => {
    const trader = new ScriptedTrader('abc123');
    let completed = 0;
    let reading: BookReading | null = book();
    const audit = createAudit({
      ...parts(trader),
      readBook: () => reading,
      onCompleted: () => {
        completed += 1;
      },
    });
    await audit();
    reading = book([['BTC/USDT', 500]]);
    for (const _ of [1, 2]) await audit();
    expect([completed, trader.sent('halt').length]).toEqual([3, 1]);
    reading = null;
    await audit();
    trader.reconciliation = 'pending';
    reading = book();
    await audit();
    trader.gone = true;
    await expect(audit()).rejects.toThrow();
    expect(completed).toBe(3);
  });

  it('waits while the trader itself still compares, and where there is no book yet', async () => {
    const trader = new ScriptedTrader('abc123');
    trader.reconciliation = 'pending';
    const differing = createAudit({
      ...parts(trader),
      readBook: () => book([['BTC/USDT', 1]]),
    });
    await differing();
    await differing();
    trader.reconciliation = 'clean';
    const none = createAudit({ ...parts(trader), readBook: () => null });
    await none();
    await none();
    expect(trader.sent('halt')).toEqual([]);
  });
});

describe('the paper venue’s book, read while the venue writes', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'fermata-book-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is null before the first start, then has the balance, and a half-written line is left alone', async () => {
    expect(readPaperBook(directory, instruments)).toBeNull();
    const venue = openPaperVenue({
      directory,
      prices: 'of this test',
      instruments,
      paper: desk.paper,
      nowMs: () => 0,
    });
    await venue.close();
    expect(readPaperBook(directory, instruments)).toMatchObject({ cash: CASH, positions: new Map() });
    appendFileSync(join(directory, 'book.jsonl'), '0badc0de 99 {"type":"fill"');
    expect(readPaperBook(directory, instruments)?.cash).toBe(CASH);
  });

  it('has the same money and coins under a desk file whose steps have changed since the trader started', async () => {
    const bench = new PaperBench({ instruments });
    onTestFinished(() => bench.end());
    await bench.buyOne();
    const { cash } = await bench.venue.balances();
    const changed = buildInstruments({
      ...desk,
      instruments: desk.instruments.map((one) => ({ ...one, tickSize: '0.1', lotSize: '0.001' })),
    });
    expect(readPaperBook(bench.directory, changed)).toMatchObject({
      cash,
      positions: new Map([['BTC/USDT', 10]]),
    });
  });
});
