/** Rules between the numbers of an instrument, and between instruments and the paper account. */
import { converterOf, converters } from '../domain/build-instrument.js';
import { type DayNumber, dateText, dayOfText, weekdayOf } from '../domain/civil-date.js';
import { endDay, isListed, KNOWN_FUTURES, monthAfter, seriesOf } from '../domain/sessions/contract-series.js';
import { isOwned, settleOf, VALUE } from '../domain/value.js';
import { venueOfFeed } from '../domain/venue.js';
import { type DeskVenue, kindsOf, ordersLeave } from './desk-venue.js';
import type { BrokenRule } from './problem.js';
import type { Desk } from './schema.js';
import { zoneRule } from './session-schema.js';

/**
 * Decimal text as an exact fraction of whole numbers, only for checking desk files (the engine has its own integers).
 */
interface ExactDecimal {
  readonly units: bigint;
  /** Digits after the point. */
  readonly scale: number;
}

/** Amounts are written in units of 1e-8 of the quote currency. */
const MONEY_UNITS = 100_000_000n;
const FINEST_UNITS = 1_000_000_000_000n;

type DeskInstrument = Desk['instruments'][number];

export function instrumentRules(desk: Desk, venues: readonly DeskVenue[]): BrokenRule[] {
  return [
    ...monthRules(desk, venues),
    ...desk.instruments.flatMap(rollRules),
    ...desk.instruments.flatMap(lastTradeRules),
    ...tierRules(['paper'], 'feeTiers', desk.paper.feeTiers, desk.paper.volumeSoFar),
    ...idleTiersRule(desk),
    ...volumeRules(desk.instruments),
    ...desk.instruments.flatMap((instrument, index) => [
      ...kindRules(instrument, index),
      ...sideBySideRules(instrument, index),
      ...stepRules(instrument, index),
      ...lotMoneyRules(instrument, index),
      ...tierRules(
        ['instruments', index, 'fees'],
        'tiers',
        instrument.fees?.tiers,
        instrument.fees?.volumeSoFar,
      ),
      ...marginRules(instrument, index),
      ...swapZoneRule(instrument, index),
      ...currencyRule(instrument, index, desk),
    ]),
  ];
}

const EXAMPLES: Partial<Record<DeskInstrument['kind'], string>> = {
  inverse: 'the exchange has it, for example multiplier: "100" where a contract of BTC/USD is worth 100 USD',
  fx: 'the broker has it (contract size), for example multiplier: "100000" where a lot of EUR/USD is 100,000 EUR',
};

const multiplierOfTheExchange = (kind: DeskInstrument['kind']): string =>
  `write it as ${EXAMPLES[kind] ?? 'the exchange has it, for example multiplier: "20" for NQ'}`;

type DeskKind = DeskInstrument['kind'];

interface KeyByKind {
  readonly key: keyof DeskInstrument;
  readonly takenBy: readonly DeskKind[];
  /** For each kind that needs the key: what to say if it is missing. */
  readonly neededBy: Partial<Record<DeskKind, Pick<BrokenRule, 'expected' | 'doThis'>>>;
}

/** Keys that are required for some kinds and not allowed for others. */
const BY_KIND: readonly KeyByKind[] = [
  {
    key: 'multiplier',
    takenBy: ['future', 'inverse', 'fx'],
    neededBy: {
      fx: {
        expected: 'how much of the base currency one lot is',
        doThis: multiplierOfTheExchange('fx'),
      },
      future: {
        expected: 'what one point is worth in one contract',
        doThis: multiplierOfTheExchange('future'),
      },
      inverse: {
        expected: 'what one contract is worth, in the quote currency',
        doThis: multiplierOfTheExchange('inverse'),
      },
    },
  },
  {
    key: 'exchange',
    takenBy: ['future', 'stock'],
    neededBy: {
      future: {
        expected: 'where the contract trades',
        doThis: 'write it as the broker names it, for example exchange: CME',
      },
    },
  },
  { key: 'contractMonth', takenBy: ['future'], neededBy: {} },
  { key: 'lastTradeDay', takenBy: ['future'], neededBy: {} },
  {
    key: 'pip',
    takenBy: ['fx'],
    neededBy: {
      fx: {
        expected: 'the step in which its prices are counted',
        doThis: 'write pip: "0.0001", or pip: "0.01" where the quote currency is JPY',
      },
    },
  },
  { key: 'fees', takenBy: ['future', 'stock', 'fx'], neededBy: {} },
  { key: 'margin', takenBy: ['future', 'fx', 'linear', 'inverse'], neededBy: {} },
  { key: 'funding', takenBy: ['linear', 'inverse'], neededBy: {} },
  { key: 'swap', takenBy: ['fx'], neededBy: {} },
];

function kindRules(instrument: DeskInstrument, index: number): BrokenRule[] {
  const { kind, symbol } = instrument;
  return BY_KIND.flatMap(({ key, neededBy, takenBy }) => {
    const path = ['instruments', index, key];
    const found = instrument[key];
    const needed = neededBy[kind];
    if (found === undefined)
      return needed === undefined
        ? []
        : [{ ...needed, path, expected: `${needed.expected} (${symbol})`, found: 'nothing' }];
    if (takenBy.includes(kind)) return [];
    return [
      {
        path,
        expected: `no ${key}, which belongs to kind: ${takenBy.join(' or ')}`,
        found: `${typeof found === 'object' ? key : found} of kind: ${kind} (${symbol})`,
        doThis: `remove ${key}, or write kind: ${takenBy[0]}`,
      },
    ];
  });
}

/**
 * A broker's prices are those of the month that trades now. A broker's account knows the month of its position; our
 * paper account doesn't, and would value a position in one month at the prices of the next.
 */
function monthRules(desk: Desk, venues: readonly DeskVenue[]): BrokenRule[] {
  const { feeds, instruments } = desk;
  const feed = venues.find(
    (one) => feeds.some((name) => venueOfFeed(name) === one.name) && kindsOf(one).includes('future'),
  );
  if (ordersLeave(desk) || feed === undefined) return [];
  return instruments.flatMap(({ kind, contractMonth, roll, symbol }, index) =>
    kind !== 'future' || contractMonth !== undefined || roll !== undefined
      ? []
      : [
          {
            path: ['instruments', index, 'contractMonth'],
            expected: `the month of the future, since the paper account trades it at the prices of ${feed.name} (${symbol})`,
            found: 'nothing',
            doThis:
              'write the month that trades now, year first, for example contractMonth: "202612", or a rule: roll: monday-before-expiry',
          },
        ],
  );
}

/** The months of some futures are known; for any other, the desk file names the month. */
function rollRules(instrument: DeskInstrument, index: number): BrokenRule[] {
  const { roll, kind, contractMonth, sessions, symbol } = instrument;
  if (roll === undefined) return fixedMonthRules(instrument, index);
  const path = ['instruments', index, 'roll'];
  if (kind !== 'future')
    return [
      {
        path,
        expected: 'no roll, which belongs to kind: future',
        found: `roll of kind: ${kind} (${symbol})`,
        doThis: 'remove roll, or write kind: future',
      },
    ];
  if (sessions?.calendar !== 'cme-equity-index' && seriesOf(symbol) === null)
    return [
      {
        path,
        expected: `a future whose months are known (${KNOWN_FUTURES.join(', ')}), or sessions.calendar: cme-equity-index, whose futures end on the third Friday of a quarter (${symbol})`,
        found: sessions?.calendar ?? 'no calendar',
        doThis:
          'name the month by hand: contractMonth and lastTradeDay instead of roll; or, for another stock index, add sessions: { calendar: cme-equity-index }',
      },
    ];
  if (contractMonth === undefined) return [];
  return [
    {
      path: ['instruments', index, 'contractMonth'],
      expected: `no contractMonth beside roll: the month in force is in the journal, and people change it (${symbol})`,
      found: contractMonth,
      doThis: 'remove contractMonth; another month than the next: fermata roll --to MONTH',
    },
  ];
}

function fixedMonthRules(instrument: DeskInstrument, index: number): BrokenRule[] {
  const { contractMonth, kind, symbol } = instrument;
  if (kind !== 'future' || contractMonth === undefined) return [];
  const series = seriesOf(symbol);
  if (series === null || isListed(series, contractMonth)) return [];
  return [
    {
      path: ['instruments', index, 'contractMonth'],
      expected: `March, June, September or December, the months of ${series.title} (${symbol})`,
      found: contractMonth,
      doThis: `write the month that trades now, for example contractMonth: "${monthAfter(series, contractMonth)}"`,
    },
  ];
}

const isWeekday = (day: DayNumber): boolean => !['sat', 'sun'].includes(weekdayOf(day));

/** Some end one or two months before their own (oil), some in those that follow (milk, interest rates). */
const [ENDS_MONTHS_BEFORE, ENDS_MONTHS_AFTER] = [2, 3];

function lastTradeRules(instrument: DeskInstrument, index: number): BrokenRule[] {
  const { contractMonth, lastTradeDay: named, roll, symbol } = instrument;
  if (named === undefined) return [];
  const path = ['instruments', index, 'lastTradeDay'];
  if (contractMonth === undefined)
    return [
      {
        path,
        expected: `no lastTradeDay without contractMonth, whose last day it is (${symbol})`,
        found: named,
        doThis:
          roll === undefined
            ? 'write the month beside it, for example contractMonth: "202612", or remove lastTradeDay'
            : 'remove lastTradeDay: with roll the calendar has it',
      },
    ];
  const count = (year: string, month: string): number => Number(year) * 12 + Number(month);
  const before =
    count(contractMonth.slice(0, 4), contractMonth.slice(4)) - count(named.slice(0, 4), named.slice(5, 7));
  const day = dayOfText(named);
  const isNear = before >= -ENDS_MONTHS_AFTER && before <= ENDS_MONTHS_BEFORE;
  const series = seriesOf(symbol);
  const known = series !== null && isListed(series, contractMonth) ? endDay(series, contractMonth) : null;
  if (day !== null && isNear && isWeekday(day) && (known === null || day <= known)) return [];
  return [
    {
      path,
      expected:
        known === null
          ? `a Monday to Friday in ${contractMonth}, in the two months before it or in the three after it (${symbol})`
          : `a Monday to Friday no later than ${dateText(known)}, the ${series?.noticeDay ? 'first notice of delivery' : 'last trade'} of ${contractMonth} (${symbol})`,
      found: named,
      doThis:
        known === null
          ? 'take it from the exchange’s list of contracts, for example lastTradeDay: "2026-11-19"'
          : `remove lastTradeDay, since it is known; or to be out earlier, write an earlier one, for example lastTradeDay: "${dateText(known)}"`,
    },
  ];
}

/** Opposite trades need something that can be short; what is bought for cash can't be. */
function sideBySideRules({ sideBySide, kind, symbol }: DeskInstrument, index: number): BrokenRule[] {
  if (sideBySide === undefined || !isOwned({ kind })) return [];
  return [
    {
      path: ['instruments', index, 'sideBySide'],
      expected: `no sideBySide, which is for contracts: what is bought for cash cannot be short (${symbol})`,
      found: `sideBySide of kind: ${kind}`,
      doThis:
        kind === 'spot'
          ? 'remove it: strategies on one spot instrument have a trade each without it, all of them long'
          : 'remove it',
    },
  ];
}

function stepRules(instrument: DeskInstrument, index: number): BrokenRule[] {
  const broken: BrokenRule[] = [];
  for (const key of ['tickSize', 'lotSize', 'multiplier', 'pip'] as const) {
    const found = instrument[key] ?? '1';
    const isAboveZero = exactDecimal(found).units !== 0n;
    if (isAboveZero && wholeTimes(exactDecimal(found), FINEST_UNITS) !== null) continue;
    const bound = isAboveZero ? 'with at most 12 decimals' : 'above 0';
    const needed =
      key === 'multiplier'
        ? { expected: `a number ${bound}`, doThis: multiplierOfTheExchange(instrument.kind) }
        : { expected: `a step ${bound}`, doThis: 'take the step size from the venue’s list of instruments' };
    broken.push({ path: ['instruments', index, key], found, ...needed });
  }
  if (broken.length > 0) return broken;
  return [
    ...moneyRule(instrument, index),
    ...ticksRule(instrument, index, 'spread'),
    ...ticksRule(instrument, index, 'pip'),
  ];
}

function moneyRule(instrument: DeskInstrument, index: number): BrokenRule[] {
  const broken = instrument.kind === 'inverse' ? sumRule(instrument, index) : productRule(instrument, index);
  if (wholeTimes(exactDecimal(instrument.minNotional), MONEY_UNITS) === null) {
    broken.push({
      path: ['instruments', index, 'minNotional'],
      expected: 'an amount with at most 8 decimals',
      found: instrument.minNotional,
      doThis: 'take the smallest order value from the venue, for example "5"',
    });
  }
  return broken;
}

/** Books are as fine as one tick × one lot × the multiplier; twelve decimals are more than any venue has. */
function productRule({ tickSize, lotSize, multiplier }: DeskInstrument, index: number): BrokenRule[] {
  const factors = [tickSize, lotSize, ...(multiplier === undefined ? [] : [multiplier])];
  if (wholeTimes(factors.map(exactDecimal).reduce(times), FINEST_UNITS) !== null) return [];
  return [
    {
      path: ['instruments', index, 'lotSize'],
      expected: `a lotSize whose product with tickSize${multiplier === undefined ? '' : ' and multiplier'} is a multiple of 0.000000000001`,
      found: factors.join(' × '),
      doThis: 'take the step sizes from the venue, or use a larger lotSize',
    },
  ];
}

/**
 * A coin amount is the worth of one lot, in ticks, divided by a price in ticks. The books are exact only if
 * that worth is a whole number of ticks.
 */
function sumRule({ tickSize, lotSize, multiplier = '1' }: DeskInstrument, index: number): BrokenRule[] {
  const sum = times(exactDecimal(lotSize), exactDecimal(multiplier));
  if (isMultipleOf(sum, exactDecimal(tickSize))) return [];
  return [
    {
      path: ['instruments', index, 'tickSize'],
      expected: 'a tickSize that divides lotSize × multiplier, what one lot is worth',
      found: `${tickSize}, and ${lotSize} × ${multiplier}`,
      doThis: 'take the step sizes from the venue, for example tickSize: "0.5" with contracts of 100 USD',
    },
  ];
}

/** Amounts for one contract or share must be exact for one lot. */
function lotMoneyRules({ fees, margin, lotSize }: DeskInstrument, index: number): BrokenRule[] {
  const amounts = [
    { path: ['fees', 'each'], found: fees?.each, of: lotSize },
    { path: ['fees', 'minimum'], found: fees?.minimum, of: '1' },
    ...(fees?.tiers ?? []).map(({ each }, at) => ({
      ...{ path: ['fees', 'tiers', at, 'each'], found: each, of: lotSize },
    })),
    { path: ['margin', 'initial'], found: margin?.initial, of: lotSize },
    { path: ['margin', 'maintenance'], found: margin?.maintenance, of: lotSize },
  ];
  const broken = amounts.flatMap(({ path, found, of }) =>
    found === undefined || wholeTimes(times(exactDecimal(found), exactDecimal(of)), MONEY_UNITS) !== null
      ? []
      : [
          {
            path: ['instruments', index, ...path],
            expected: 'an amount with at most 8 decimals for one lot',
            found: of === '1' ? found : `${found} × ${of}`,
            doThis: 'take it from the broker’s list, for one contract or share, for example "2.25"',
          },
        ],
  );
  return broken;
}

/** Volumes from which tiers of fees apply: above 0, and each above the one before it. */
function tierRules(
  path: BrokenRule['path'],
  key: 'feeTiers' | 'tiers',
  tiers: readonly { readonly from: string }[] | undefined,
  volumeSoFar: string | undefined,
): BrokenRule[] {
  if (tiers === undefined)
    return volumeSoFar === undefined
      ? []
      : [
          {
            path: [...path, 'volumeSoFar'],
            expected: `no volumeSoFar without ${key}, which it decides`,
            found: volumeSoFar,
            doThis: `remove it, or write ${key} beside it`,
          },
        ];
  const volumes = [volumeSoFar ?? '0', ...tiers.map(({ from }) => from)];
  const inexact = volumes.findIndex((volume) => wholeTimes(exactDecimal(volume), MONEY_UNITS) === null);
  const pathOf = (at: number) => [...path, ...(at === 0 ? ['volumeSoFar'] : [key, at - 1, 'from'])];
  if (inexact !== -1)
    return [
      {
        path: pathOf(inexact),
        expected: 'a volume with at most 8 decimals',
        found: volumes[inexact] ?? '',
        doThis: 'take it from the venue’s list of fees, for example "1000000"',
      },
    ];
  return tiers.flatMap(({ from }, at) => {
    const before = tiers[at - 1]?.from ?? '0';
    if (isAbove(from, before)) return [];
    return [
      {
        path: [...path, key, at, 'from'],
        expected: `a volume above ${before}${at === 0 ? '' : ', that of the tier before it'}`,
        found: from,
        doThis:
          at === 0
            ? 'write the fees from the first trade on as the fees without a tier'
            : 'write the tiers by their volume, the smallest first',
      },
    ];
  });
}

/** Tiers of rates count for instruments that are charged by rate. */
function idleTiersRule({ instruments, paper: { feeTiers } }: Desk): BrokenRule[] {
  if (feeTiers === undefined || instruments.some(({ fees }) => fees === undefined)) return [];
  return [
    {
      path: ['paper', 'feeTiers'],
      expected: 'an instrument that is charged by rate',
      found: `fees of its own for each: ${instruments.map(({ symbol }) => symbol).join(', ')}`,
      doThis: 'remove feeTiers, or write the tiers of a contract or share as fees.tiers of its instrument',
    },
  ];
}

/** What was traded of a kind counts for each instrument of it with tiers, so each has to say the same of before. */
function volumeRules(instruments: Desk['instruments']): BrokenRule[] {
  return instruments.flatMap(({ kind, fees }, index) => {
    const first = instruments.find((one) => one.kind === kind && one.fees?.tiers !== undefined);
    const { volumeSoFar = '0' } = first?.fees ?? {};
    const found = fees?.volumeSoFar ?? '0';
    if (first === undefined || fees?.tiers === undefined) return [];
    if (!isAbove(found, volumeSoFar) && !isAbove(volumeSoFar, found)) return [];
    return [
      {
        path: ['instruments', index, 'fees', 'volumeSoFar'],
        expected: `${volumeSoFar}, as of ${first.symbol}: instruments of kind ${kind} with tiers count together`,
        found,
        doThis: `write what was traded of all of them at each of them`,
      },
    ];
  });
}

const MARGIN_KEYS = ['initial', 'maintenance', 'initialPct', 'maintenancePct'] as const;

/** Two amounts or two percentages; a margin that was enough to open is enough to hold. */
function marginRules({ kind, margin, symbol }: DeskInstrument, index: number): BrokenRule[] {
  if (margin === undefined) return [];
  const path = ['instruments', index, 'margin'];
  const given = MARGIN_KEYS.filter((key) => margin[key] !== undefined).join(' and ');
  if (given !== 'initial and maintenance' && given !== 'initialPct and maintenancePct')
    return [
      {
        path,
        expected: `initial and maintenance, or initialPct and maintenancePct (${symbol})`,
        found: given || 'nothing',
        doThis: 'write both amounts, or both percentages, for example { initialPct: 10, maintenancePct: 5 }',
      },
    ];
  const { initial, maintenance, initialPct = 0, maintenancePct = 0 } = margin;
  if (initial === undefined || maintenance === undefined)
    return maintenancePct <= initialPct
      ? []
      : [
          {
            path: [...path, 'maintenancePct'],
            expected: `at most margin.initialPct, ${initialPct}`,
            found: String(maintenancePct),
            doThis: 'take both from the venue’s list: what is held needs no more than what is opened',
          },
        ];
  if (kind === 'linear' || kind === 'inverse')
    return [
      {
        path,
        expected: `initialPct and maintenancePct: a perpetual takes a part of what it is worth (${symbol})`,
        found: given,
        doThis: 'write percentages, for example { initialPct: 10, maintenancePct: 5 } for a leverage of 10',
      },
    ];
  if (isWithin(maintenance, initial)) return [];
  return [
    {
      path: [...path, 'maintenance'],
      expected: `an amount above 0 and at most margin.initial, ${initial}`,
      found: maintenance,
      doThis: 'take both from the broker’s list: what is held needs no more than what is opened',
    },
  ];
}

function swapZoneRule({ swap }: DeskInstrument, index: number): BrokenRule[] {
  return swap?.zone === undefined ? [] : zoneRule(['instruments', index, 'swap', 'zone'], swap.zone);
}

function ticksRule(instrument: DeskInstrument, index: number, key: 'spread' | 'pip'): BrokenRule[] {
  const found = instrument[key];
  if (found === undefined || isMultipleOf(exactDecimal(found), exactDecimal(instrument.tickSize))) return [];
  return [
    {
      path: ['instruments', index, key],
      expected: `a whole number of ticks of ${instrument.tickSize}`,
      found,
      doThis: `write a multiple of tickSize, for example "${instrument.tickSize}"`,
    },
  ];
}

/**
 * The broker converts the results of a future or a currency pair; anything else is paid in its own currency.
 * No venue that orders go to reports the rate yet, so its fills could not be booked.
 */
function currencyRule({ kind, symbol }: DeskInstrument, index: number, desk: Desk): BrokenRule[] {
  const { instruments, venue } = desk;
  const { currency } = desk.paper;
  const converts = VALUE[kind].converts === true;
  const [base = '', quote = ''] = symbol.split('/');
  const settles = settleOf({ kind, base, quote });
  if (settles === currency) return [];
  if (kind === 'inverse')
    return [
      {
        path: ['instruments', index, 'symbol'],
        expected: `an instrument that settles in ${currency} (paper.currency)`,
        found: `${symbol} of kind: inverse, which settles in ${base}`,
        doThis: `write paper.currency: ${base} and the balance in ${base}, with instruments that all settle in it`,
      },
    ];
  if (converts && !ordersLeave(desk)) {
    if (converterOf({ kind, quote }, currency, instruments) !== undefined) return [];
    const [direct, inverse] = converters(quote, currency);
    return [
      {
        path: ['instruments', index, 'symbol'],
        expected: `a symbol quoted in ${currency} (paper.currency), or one of ${inverse} and ${direct} among the instruments, whose price converts ${quote} to ${currency}`,
        found: `${symbol} of kind: ${kind}, quoted in ${quote}`,
        doThis: `add the instrument ${inverse} or ${direct}, whichever there are prices of; no strategy has to trade it`,
      },
    ];
  }
  return [
    {
      path: ['instruments', index, 'symbol'],
      expected: `a symbol quoted in ${currency} (paper.currency)${converts ? `, since orders go to ${venue.name}, whose conversion is not read` : ''}`,
      found: symbol,
      doThis: `use an instrument that ends in /${currency}, or change paper.currency for all of them`,
    },
  ];
}

/** The text has passed the schema: digits with at most one point. */
function exactDecimal(text: string): ExactDecimal {
  const [whole = '0', fraction = ''] = text.split('.');
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

/** Above 0 and at most `most`. */
const isWithin = (text: string, most: string): boolean => isAbove(text, '0') && !isAbove(text, most);

function isAbove(text: string, least: string): boolean {
  const [value, bound] = [exactDecimal(text), exactDecimal(least)];
  const scale = Math.max(value.scale, bound.scale);
  const at = ({ units, scale: own }: ExactDecimal): bigint => units * 10n ** BigInt(scale - own);
  return at(value) > at(bound);
}

/** `value × factor`, exactly; null if that is not a whole number. */
function wholeTimes(value: ExactDecimal, factor: bigint): bigint | null {
  const divisor = 10n ** BigInt(value.scale);
  const product = value.units * factor;
  return product % divisor === 0n ? product / divisor : null;
}

function times(left: ExactDecimal, right: ExactDecimal): ExactDecimal {
  return { units: left.units * right.units, scale: left.scale + right.scale };
}

function isMultipleOf(value: ExactDecimal, step: ExactDecimal): boolean {
  const scale = Math.max(value.scale, step.scale);
  const stepUnits = step.units * 10n ** BigInt(scale - step.scale);
  return stepUnits > 0n && (value.units * 10n ** BigInt(scale - value.scale)) % stepUnits === 0n;
}
