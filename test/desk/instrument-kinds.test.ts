/** Futures and stocks in a desk file: what they need, and what becomes of it in the engine's instruments. */
import { describe, expect, it } from 'vitest';
import { DeskFileError } from '../../src/desk/problem.js';
import { buildInstruments, engineConfig } from '../../src/trader/engine-config.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { FUTURES } from '../support/engine-config.js';

const NQ =
  '{ symbol: NQ/USD, kind: future, tickSize: "0.25", lotSize: "1", multiplier: "20", exchange: CME, spread: "0.25" }';
const INVERSE =
  '{ symbol: BTC/USD, kind: inverse, tickSize: "0.5", lotSize: "1", multiplier: "100", spread: "0.5" }';
const APPLE = '{ symbol: AAPL/USD, kind: stock, tickSize: "0.01", lotSize: "1", exchange: NASDAQ }';
const PAIR = 'kind: fx, lotSize: "0.01", multiplier: "100000"';
const EURUSD = `{ symbol: EUR/USD, ${PAIR}, tickSize: "0.00001", pip: "0.0001", spread: "0.0001" }`;
const USDJPY = `{ symbol: USD/JPY, ${PAIR}, tickSize: "0.001", pip: "0.01", spread: "0.01" }`;
const GBPJPY = USDJPY.replace('USD/JPY', 'GBP/JPY');

const deskWith = (instrument: string): string => `
desk: kinds
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [${instrument}]
paper: { balance: "1000000", currency: USD }
strategies: [{ name: cross, kind: emaCross, symbols: [${/\w+\/USD/.exec(instrument)?.[0]}] }]
risk: { maxPositionSizePct: 50, maxConcurrentPositions: 1, stopLossPct: 1.5, dailyLossLimitPct: 3, maxDrawdownPct: 9 }
people: [{ name: operator, roles: [operator, approver] }]
`;

const withKeys = (instrument: string, keys: string): string => instrument.replace(' }', `, ${keys} }`);

const inCoins = (instrument: string): string =>
  deskWith(instrument).replace('balance: "1000000", currency: USD', 'balance: "2", currency: BTC');

const problemsOf = (instrument: string): readonly unknown[] => problemsIn(deskWith(instrument));

function problemsIn(text: string): readonly unknown[] {
  try {
    parseDesk('desk.yaml', text);
    return [];
  } catch (error) {
    if (!(error instanceof DeskFileError)) throw error;
    return error.problems.map(
      ({ key, expected, found, doThis }) => `${key}: ${expected}; ${found}; ${doThis}`,
    );
  }
}

describe('an instrument of a desk file', () => {
  it('is traded side by side where it says so, and has nothing of it where it does not', () => {
    const beside = NQ.replace('exchange: CME', 'exchange: CME, sideBySide: true');
    const [own] = buildInstruments(parseDesk('desk.yaml', deskWith(beside)).desk);
    expect(own?.sideBySide).toBe(true);
    const [nq] = buildInstruments(parseDesk('desk.yaml', deskWith(NQ)).desk);
    expect(nq).not.toHaveProperty('sideBySide');
    // What is bought for cash beside it changes nothing of what it can do.
    const [mixed] = buildInstruments(
      parseDesk('desk.yaml', deskWith(`${beside.replace('CME', 'CME, contractMonth: "202703"')}, ${APPLE}`))
        .desk,
    );
    expect(mixed?.sideBySide).toBe(true);
  });

  it('is a future: a tick of one NQ contract is five dollars', () => {
    const [nq] = buildInstruments(parseDesk('desk.yaml', deskWith(NQ)).desk);
    expect(nq).toMatchObject({ kind: 'future', base: 'NQ', quote: 'USD', multiplier: '20', exchange: 'CME' });
    expect(nq?.moneyPerTickLot).toBe(5 * 1e8);
    expect(nq).not.toHaveProperty('contractMonth');
  });

  it('is one month of a future', () => {
    const march = NQ.replace('exchange: CME', 'exchange: CME, contractMonth: "202703"');
    const [nq] = buildInstruments(parseDesk('desk.yaml', deskWith(march)).desk);
    expect(nq?.contractMonth).toBe('202703');
  });

  it('on paper names its month where its prices are a broker’s, who shows the month that trades now', () => {
    const atBroker = (instrument: string) => deskWith(instrument).replace('[binance]', '[ibkr]');
    const march = NQ.replace('exchange: CME', 'exchange: CME, contractMonth: "202703"');
    expect(() => parseDesk('desk.yaml', atBroker(NQ))).toThrow(
      /instruments\[0\].contractMonth.*\(NQ\/USD\)/s,
    );
    expect(parseDesk('desk.yaml', atBroker(march)).desk.feeds).toEqual(['ibkr']);
    expect(problemsOf(NQ)).toEqual([]);
  });

  it('is a stock', () => {
    const [apple] = buildInstruments(parseDesk('desk.yaml', deskWith(APPLE)).desk);
    expect(apple).toMatchObject({ kind: 'stock', exchange: 'NASDAQ', moneyPerTickLot: 1e6 });
    expect(apple).not.toHaveProperty('multiplier');
  });

  it('is an inverse perpetual: a contract is a sum in dollars, and its money is the coin', () => {
    const { desk } = parseDesk('desk.yaml', inCoins(INVERSE));
    const [btc] = buildInstruments(desk);
    expect(desk.paper.currency).toBe('BTC');
    expect(btc).toMatchObject({ kind: 'inverse', base: 'BTC', quote: 'USD', multiplier: '100' });
    // 100 dollars at a price of one tick, half a dollar, are 200 coins.
    expect(btc?.moneyPerTickLot).toBe(200 * 1e8);
    const fine = INVERSE.replace('"0.5"', '"0.0000001"').replace('lotSize: "1"', 'lotSize: "0.0000001"');
    expect(problemsIn(inCoins(fine))).toEqual([]);
  });

  it('is a currency pair in lots, whose results are converted by another pair of the desk, or by itself', () => {
    const { desk } = parseDesk('desk.yaml', deskWith(`${EURUSD}, ${USDJPY}, ${GBPJPY}`));
    const [euro, yen, pound] = buildInstruments(desk);
    // Ten ticks are a pip: 100,000 × 0.0001 = 10 dollars a lot, of which 0.01 is a step.
    expect(euro).toMatchObject({ kind: 'fx', pip: '0.0001', moneyPerTickLot: 0.01 * 1e8 });
    expect(euro).not.toHaveProperty('conversion');
    // Ten ticks are a pip: 100,000 × 0.01 = 1,000 yen a lot.
    expect(yen).toMatchObject({ pip: '0.01', moneyPerTickLot: 1e8 });
    for (const one of [yen, pound])
      expect(one?.conversion).toEqual({ to: 'USD', by: 1, tickSize: '0.001', isInverse: true });
  });

  it('has fees and a margin by lot where it says so, in money units, and has nothing of it where it does not', () => {
    const declared = 'fees: { each: "2.25" }, margin: { initial: "33000", maintenance: "30000" }';
    const [own] = buildInstruments(parseDesk('desk.yaml', deskWith(withKeys(NQ, declared))).desk);
    expect(own).toMatchObject({
      lotFees: { perLot: 2.25e8, minimum: 0 },
      lotMargin: { initial: 33_000e8, maintenance: 30_000e8 },
    });
    // Half a cent a share, a hundredth of a share a lot.
    const shares = withKeys(APPLE, 'fees: { each: "0.005", minimum: "1", maximumPct: 0.5 }');
    const fine = shares.replace('lotSize: "1"', 'lotSize: "0.01"');
    const [apple] = buildInstruments(parseDesk('desk.yaml', deskWith(fine)).desk);
    expect(apple?.lotFees).toEqual({ perLot: 5_000, minimum: 1e8, maximumPpm: 5_000 });
    const [plain] = buildInstruments(parseDesk('desk.yaml', deskWith(NQ)).desk);
    expect(Object.keys(plain ?? {})).not.toEqual(expect.arrayContaining(['lotFees']));
    expect(Object.keys(plain ?? {})).not.toEqual(expect.arrayContaining(['lotMargin']));
  });

  describe('of a future whose month it names', () => {
    const OIL = NQ.replace('NQ/USD', 'CL/USD').replace(
      'exchange: CME',
      'exchange: NYMEX, contractMonth: "202701"',
    );
    /** A future whose months are not known. */
    const MILK = OIL.replace('CL/', 'DC/');
    const GOLD = OIL.replace('CL/', 'GC/').replace('NYMEX', 'COMEX');
    const DECEMBER = NQ.replace('exchange: CME', 'exchange: CME, contractMonth: "202612"');
    const contractsOf = (instrument: string, nowMs?: number) => {
      const { desk, configHash } = parseDesk('desk.yaml', deskWith(instrument));
      return engineConfig(desk, configHash, 'abc123', buildInstruments(desk), FUTURES, null, nowMs).contracts;
    };

    it.each([
      [DECEMBER, '2026-12-18'],
      [DECEMBER.replace('"202612"', '"202612", lastTradeDay: "2026-12-17"'), '2026-12-17'],
      // In the month after its own.
      [MILK.replace('"202701"', '"202701", lastTradeDay: "2027-02-02"'), '2027-02-02'],
      [OIL, '2026-12-21'],
      [OIL.replace('"202701"', '"202701", lastTradeDay: "2026-12-18"'), '2026-12-18'],
      [GOLD, '2027-01-27'],
      [GOLD.replace('"202701"', '"202701", lastTradeDay: "2026-12-30"'), '2026-12-30'],
    ])('the engine knows the end where prices are those of a contract: %#', (instrument, lastTradeDay) => {
      expect(contractsOf(instrument, 0)).toMatchObject([{ traded: { lastTradeDay } }]);
      expect(contractsOf(instrument)).toBeUndefined();
    });

    it('nobody knows the end of another one, whatever its hours, and it is held until a person closes it', () => {
      expect(contractsOf(MILK, 0)).toBeUndefined();
      const inItsHours = 'sessions: { calendar: cme-equity-index }';
      expect(contractsOf(withKeys(DECEMBER.replace('NQ/', 'NKD/'), inItsHours), 0)).toBeUndefined();
      expect(contractsOf(withKeys(MILK, inItsHours), 0)).toBeUndefined();
    });

    it('one that is rolled goes by its own months: oil by the month, whatever its hours, gold before its notices', () => {
      const rolled = (instrument: string, month: string, keys = '') => {
        const text = withKeys(
          instrument.replace(/, contractMonth: "\d+"/, ''),
          `roll: monday-before-expiry${keys}`,
        );
        const { desk, configHash } = parseDesk('desk.yaml', deskWith(text));
        const built = buildInstruments(desk, new Map([[desk.instruments[0]?.symbol ?? '', month]]));
        return engineConfig(desk, configHash, 'abc123', built, FUTURES, null, 0).contracts;
      };
      const oil = { rollDay: '2026-12-14', lastTradeDay: '2026-12-21', next: '202702', noticeDay: null };
      expect(rolled(OIL, '202701')).toMatchObject([{ month: '202701', traded: oil }]);
      const inItsHours = ', sessions: { calendar: cme-equity-index }';
      expect(rolled(OIL, '202701', inItsHours)).toMatchObject([{ traded: oil }]);
      const gold = {
        rollDay: '2026-11-23',
        lastTradeDay: '2026-12-29',
        next: '202702',
        noticeDay: '2026-11-30',
      };
      expect(rolled(GOLD, '202612')).toMatchObject([{ traded: gold }]);
    });

    it.each([
      [
        withKeys(NQ, 'lastTradeDay: "2026-12-18"'),
        /^instruments\[0\].lastTradeDay: no lastTradeDay without contractMonth, whose last day it is \(NQ\/USD\); 2026-12-18; write/,
      ],
      [
        withKeys(APPLE, 'lastTradeDay: "2026-12-18"'),
        /^instruments\[0\].lastTradeDay: no lastTradeDay, which belongs to/,
      ],
      ...['2026-10-30', '2027-05-03', '2026-12-32', '2026-12-20'].map((day): [string, RegExp] => [
        withKeys(MILK, `lastTradeDay: "${day}"`),
        new RegExp(
          `lastTradeDay: a Monday to Friday in 202701, in the two months before .*DC/USD.; ${day}; take`,
        ),
      ]),
      [
        withKeys(OIL, 'lastTradeDay: "2026-12-22"'),
        /^instruments\[0\].lastTradeDay: a Monday to Friday no later than 2026-12-21, the last trade of 202701 \(CL\/USD\); 2026-12-22;/,
      ],
      [
        withKeys(GOLD, 'lastTradeDay: "2027-01-27"'),
        /^instruments\[0\].lastTradeDay: a Monday to Friday no later than 2026-12-31, the first notice of delivery of 202701 \(GC\/USD\); 2027-01-27;/,
      ],
      [
        withKeys(MILK.replace(', contractMonth: "202701"', ''), 'roll: monday-before-expiry'),
        /^instruments\[0\].roll: a future whose months are known \(NQ, .*CL, .*GC, .*\(DC\/USD\); no calendar; name the month by hand/,
      ],
      [
        withKeys(DECEMBER, 'lastTradeDay: "2026-12-21"'),
        /^instruments\[0\].lastTradeDay: a Monday to Friday no later than 2026-12-18, the last trade of 202612 \(NQ\/USD\); 2026-12-21;/,
      ],
      [
        withKeys(NQ, 'roll: monday-before-expiry, lastTradeDay: "2026-12-18"'),
        /^instruments\[0\].lastTradeDay: no lastTradeDay without .*; 2026-12-18; remove lastTradeDay: with roll/,
      ],
      [withKeys(OIL, 'lastTradeDay: "21.12.2026"'), /^instruments\[0\].lastTradeDay: a date in quotes/],
      [
        NQ.replace('exchange: CME', 'exchange: CME, contractMonth: "202611"'),
        /^instruments\[0\].contractMonth: March, June, September or December, .*; 202611; .*"202612"/,
      ],
    ])('an end that can not be is refused: %#', (instrument, problem) => {
      expect(problemsOf(instrument)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
    });
  });

  it('has a margin by what it is worth where it says so, perpetuals too', () => {
    const part = 'margin: { initialPct: 10, maintenancePct: 0.5 }';
    const [nq] = buildInstruments(parseDesk('desk.yaml', deskWith(withKeys(NQ, part))).desk);
    const [coins] = buildInstruments(parseDesk('desk.yaml', inCoins(withKeys(INVERSE, part))).desk);
    for (const one of [nq, coins]) {
      expect(one?.worthMargin).toEqual({ initialPpm: 100_000, maintenancePpm: 5_000 });
      expect(one?.lotMargin).toBeUndefined();
    }
  });

  it('of a perpetual takes no amounts as its margin', () => {
    const amounts = 'margin: { initial: "10", maintenance: "5" }';
    expect(() => parseDesk('desk.yaml', inCoins(withKeys(INVERSE, amounts)))).toThrow(
      /instruments\[0\].margin[\s\S]*initialPct and maintenancePct: a perpetual takes a part of what it is worth \(BTC\/USD\)/,
    );
  });

  it.each([
    [
      withKeys(APPLE, 'margin: { initial: "2", maintenance: "1" }'),
      /^instruments\[0\].margin: no margin, which belongs to kind: future or fx or linear or inverse; margin of kind: stock/,
    ],
    [
      withKeys(NQ, 'margin: { initial: "33000", maintenancePct: 5 }'),
      /^instruments\[0\].margin: initial and maintenance, or initialPct and maintenancePct \(NQ\/USD\); initial and maintenancePct; write both/,
    ],
    [
      withKeys(NQ, 'margin: { initial: "33000", maintenance: "30000", initialPct: 8, maintenancePct: 5 }'),
      /^instruments\[0\].margin: initial and maintenance, or .*; initial and maintenance and initialPct and maintenancePct; write/,
    ],
    [
      withKeys(NQ, 'margin: {}'),
      /^instruments\[0\].margin: initial and maintenance, or initialPct and maintenancePct \(NQ\/USD\); nothing; write/,
    ],
    [
      withKeys(NQ, 'margin: { initialPct: 5, maintenancePct: 5.1 }'),
      /^instruments\[0\].margin.maintenancePct: at most margin.initialPct, 5; 5.1; take both/,
    ],
    [
      withKeys(NQ, 'margin: { initialPct: 0, maintenancePct: 0 }'),
      /^instruments\[0\].margin.initialPct: a number of more than 0; number 0/,
    ],
    [
      withKeys(NQ, 'margin: { initialPct: 5, maintenancePct: 0.00004 }'),
      /^instruments\[0\].margin.maintenancePct: .*0.0001; number 0.00004/,
    ],
    [
      withKeys(APPLE.replace('stock', 'spot').replace(', exchange: NASDAQ', ''), 'fees: { each: "1" }'),
      /^instruments\[0\].fees: no fees, which belongs to kind: future or stock or fx; fees of kind: spot/,
    ],
    [
      withKeys(NQ, 'margin: { initial: "30000", maintenance: "33000" }'),
      /^instruments\[0\].margin.maintenance: an amount above 0 and at most margin.initial, 30000; 33000; take both/,
    ],
    [
      withKeys(NQ, 'margin: { initial: "30000", maintenance: "0" }'),
      /^instruments\[0\].margin.maintenance: an amount above 0/,
    ],
    [
      withKeys(NQ, 'margin: { initial: "30000.000000001", maintenance: "1" }'),
      /^instruments\[0\].margin.initial: an amount with at most 8 decimals for one lot; 30000.000000001; take it/,
    ],
    [
      withKeys(APPLE, 'fees: { each: "0.005" }').replace('lotSize: "1"', 'lotSize: "0.0000001"'),
      /^instruments\[0\].fees.each: an amount with at most 8 decimals for one lot; 0.005 × 0.0000001/,
    ],
    [
      withKeys(NQ, 'fees: { each: "1", minimum: "0.000000001" }'),
      /^instruments\[0\].fees.minimum: an amount with at most 8 decimals for one lot; 0.000000001;/,
    ],
    [
      withKeys(
        NQ,
        'fees: { each: "2", tiers: [{ from: "1000", each: "1" }, { from: "1000", each: "0.5" }] }',
      ),
      /^instruments\[0\].fees.tiers\[1\].from: a volume above 1000, that of the tier before it; 1000; write the tiers by their volume/,
    ],
    [
      withKeys(NQ, 'fees: { each: "2", tiers: [{ from: "0", each: "1" }] }'),
      /^instruments\[0\].fees.tiers\[0\].from: a volume above 0; 0; write the fees from the first trade on/,
    ],
    [
      withKeys(NQ, 'fees: { each: "2", tiers: [{ from: "1000", each: "0.000000001" }] }'),
      /^instruments\[0\].fees.tiers\[0\].each: an amount with at most 8 decimals for one lot; 0.000000001;/,
    ],
    [
      withKeys(NQ, 'fees: { each: "2", volumeSoFar: "1000" }'),
      /^instruments\[0\].fees.volumeSoFar: no volumeSoFar without tiers, which it decides; 1000; remove it/,
    ],
    [
      withKeys(NQ, 'fees: { each: "2", volumeSoFar: "0.000000001", tiers: [{ from: "5", each: "1" }] }'),
      /^instruments\[0\].fees.volumeSoFar: a volume with at most 8 decimals; 0.000000001/,
    ],
    [
      [
        withKeys(NQ, 'fees: { each: "2", volumeSoFar: "400", tiers: [{ from: "500", each: "1" }] }'),
        withKeys(
          NQ.replace('NQ/USD', 'ES/USD'),
          'fees: { each: "2", volumeSoFar: "300", tiers: [{ from: "500", each: "1" }] }',
        ),
      ].join(', '),
      /^instruments\[1\].fees.volumeSoFar: 400, as of NQ\/USD: instruments of kind future with tiers count together; 300;/,
    ],
    [withKeys(NQ, 'fees: { minimum: "1" }'), /^instruments\[0\].fees.each: .*; nothing/],
    [
      withKeys(NQ, 'funding: { ratePct: "0.01", everyHours: 8 }'),
      /^instruments\[0\].funding: no funding, which belongs to kind: linear or inverse; funding of kind: future/,
    ],
    [
      withKeys(NQ, 'swap: { longPips: "1", shortPips: "1" }'),
      /^instruments\[0\].swap: no swap, which belongs to kind: fx; swap of kind: future/,
    ],
    [
      withKeys(EURUSD, 'swap: { longPips: "-0.65", shortPips: "0.2", zone: America/Newyork }'),
      /^instruments\[0\].swap.zone: a time zone of the IANA list; America\/Newyork/,
    ],
    [
      withKeys(EURUSD, 'swap: { longPips: "-0.65", shortPips: "0.2", tripleOn: sun }'),
      /^instruments\[0\].swap.tripleOn: .*wed/,
    ],
    [
      withKeys(EURUSD, 'swap: { longPips: "-0.1234567", shortPips: "0.2" }'),
      /^instruments\[0\].swap.longPips: a decimal number in quotes with at most 6 places/,
    ],
  ])(
    'with fees, a margin or a cost of holding that can not be is refused, and the field is named: %#',
    (instrument, problem) => {
      expect(problemsOf(instrument)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
    },
  );

  it.each([
    [
      inCoins(INVERSE.replace('multiplier: "100", ', '')),
      /^instruments\[0\].multiplier: what one contract is worth, in the quote currency \(BTC\/USD\); nothing; .*"100" where/,
    ],
    [
      deskWith(`${EURUSD}, ${GBPJPY}`),
      /^instruments\[1\].symbol: a symbol quoted in USD \(paper.currency\), or one of USD\/JPY and JPY\/USD among the instruments, whose price converts JPY to USD; GBP\/JPY of kind: fx, quoted in JPY; add the instrument USD\/JPY or JPY\/USD/,
    ],
    [
      deskWith(`${EURUSD}, { symbol: BTC/EUR, kind: linear, tickSize: "0.01", lotSize: "1" }`),
      /^instruments\[1\].symbol: a symbol quoted in USD \(paper.currency\); BTC\/EUR;/,
    ],
    [
      deskWith(EURUSD.replace(' pip: "0.0001",', '')),
      /^instruments\[0\].pip: the step in which its prices are counted \(EUR\/USD\); nothing; write pip: "0.0001"/,
    ],
    [
      deskWith(EURUSD.replace('pip: "0.0001"', 'pip: "0.000015"')),
      /^instruments\[0\].pip: a whole number of ticks of 0.00001; 0.000015/,
    ],
    [
      deskWith(EURUSD.replace(' multiplier: "100000",', '')),
      /^instruments\[0\].multiplier: how much of the base currency one lot is \(EUR\/USD\); nothing; write it as the broker has it/,
    ],
    [
      deskWith(EURUSD).replace('mode: paper', 'mode: live'),
      /^instruments\[0\].kind: spot, since orders go to a spot account; fx \(EUR\/USD\); write mode: paper/,
    ],
    [
      inCoins(INVERSE.replace('"100"', '"0"')),
      /^instruments\[0\].multiplier: a number above 0; 0; .*"100" where/,
    ],
    [
      inCoins(INVERSE.replace('"0.5"', '"0.3"')),
      /^instruments\[0\].tickSize: a tickSize that divides lotSize × multiplier.*; 0.3, and 1 × 100; take/,
    ],
    [
      deskWith(INVERSE),
      /^instruments\[0\].symbol: an instrument that settles in USD \(paper.currency\); BTC\/USD of kind: inverse, which settles in BTC; write paper.currency: BTC/,
    ],
    [
      inCoins(`${INVERSE}, ${INVERSE.replace('BTC/USD', 'ETH/USD')}`),
      /^instruments\[1\].symbol: an instrument that settles in BTC .*; ETH\/USD of kind: inverse, which settles in ETH/,
    ],
    [
      inCoins(`${INVERSE}, { symbol: ETH/USD, kind: linear, tickSize: "0.5", lotSize: "1", spread: "0.5" }`),
      /^instruments\[1\].symbol: a symbol quoted in BTC \(paper.currency\); ETH\/USD;/,
    ],
    [
      inCoins(INVERSE.replace('lotSize', 'exchange: CME, lotSize')),
      /^instruments\[0\].exchange: no exchange, which belongs to kind: future or stock; CME of kind: inverse/,
    ],
    [
      inCoins(INVERSE).replace('mode: paper', 'mode: live'),
      /^instruments\[0\].kind: spot, since orders go to a spot account; inverse \(BTC\/USD\); write mode: paper, .* no venue of this version takes orders of kind: inverse/,
    ],
    [
      inCoins(INVERSE).replace('name: binance', 'name: ibkr, account: broker-paper'),
      /^instruments\[0\].kind: .*; inverse \(BTC\/USD\); write mode: paper, on Fermata’s own paper account/,
    ],
  ])('of kind inverse is refused where it can not be, and the field is named: %#', (text, problem) => {
    expect(problemsIn(text)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  it.each([
    ['friday', 'roll: monday-before-expiry or a group of keys; "friday"; write monday-before-expiry or'],
    ['{ daysBefore: soon }', 'roll.daysBefore: a number; "soon"; write a number'],
    [
      '{ daysBefor: 4 }',
      'roll.daysBefor: one of the keys daysBefore; the unknown key daysBefor; write daysBefore',
    ],
    ['{}', 'roll.daysBefore: a number; nothing; add the key daysBefore'],
  ])('with roll: %s is refused, with what can be written there', (roll, problem) => {
    expect(problemsOf(NQ.replace('exchange: CME', `exchange: CME, roll: ${roll}`))).toContainEqual(
      expect.stringContaining(`instruments[0].${problem}`),
    );
  });

  it.each([
    [
      NQ.replace('multiplier: "20", ', ''),
      /^instruments\[0\].multiplier: what one point is worth in one contract \(NQ\/USD\); nothing;/,
    ],
    [NQ.replace('"20"', '"0"'), /^instruments\[0\].multiplier: a number above 0; 0; .*"20" for NQ$/],
    [NQ.replace('exchange: CME, ', ''), /^instruments\[0\].exchange: where the contract trades/],
    [NQ.replace('CME', 'CME, contractMonth: "202613"'), /^instruments\[0\].contractMonth: a month in quotes/],
    [
      APPLE.replace('lotSize', 'multiplier: "2", lotSize'),
      /^instruments\[0\].multiplier: no multiplier, .* future or inverse or fx; 2 of/,
    ],
    [
      APPLE.replace('lotSize', 'contractMonth: "202612", lotSize'),
      /^instruments\[0\].contractMonth: no contractMonth/,
    ],
    [
      APPLE.replace('stock', 'spot'),
      /^instruments\[0\].exchange: no exchange, which belongs to kind: future or stock/,
    ],
    [
      APPLE.replace('lotSize', 'sideBySide: true, lotSize'),
      /^instruments\[0\].sideBySide: no sideBySide, which is for contracts: .*; sideBySide of kind: stock; remove it$/,
    ],
    [
      '{ symbol: BTC/USD, kind: spot, tickSize: "0.01", lotSize: "0.01", sideBySide: true }',
      /^instruments\[0\].sideBySide: .*; sideBySide of kind: spot; remove it: strategies on one spot instrument have a trade each without it/,
    ],
    [
      NQ.replace('"0.25"', '"0.0000001"').replace('"20"', '"0.0000001"'),
      /product with tickSize and multiplier is a multiple of 0.000000000001; 0.0000001 × 1 × 0.0000001/,
    ],
  ])('is refused, and the field is named: %s', (instrument, problem) => {
    expect(problemsOf(instrument)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });
});

it('tiers of rates where every instrument has fees of its own are refused: they would apply to nothing', () => {
  const TIERS = 'feeTiers: [{ from: "1000", makerFeePpm: 100, takerFeePpm: 200 }]';
  const withTiers = (instruments: string): readonly unknown[] =>
    problemsIn(deskWith(instruments).replace('balance: ', `${TIERS}, balance: `));
  const charged = withKeys(NQ, 'fees: { each: "2" }');
  expect(withTiers(charged)).toEqual([
    expect.stringMatching(
      /^paper.feeTiers: an instrument that is charged by rate; fees of its own for each: NQ\/USD; remove feeTiers/,
    ),
  ]);
  expect(withTiers(`${charged}, ${NQ.replace('NQ/USD', 'ES/USD')}`)).toEqual([]);
});
