/** How orders are filled: a run's options in the words of docs/BACKTEST.md; what was refused, in words. */
import type { Desk } from '../../desk/schema.js';
import { grouped } from '../../domain/figure-text.js';
import { NEW_YORK, ROLLOVER, TRIPLE_ON } from '../../domain/holding-cost.js';
import { moment } from '../../domain/moment.js';
import { percentOfPpm } from '../../domain/money.js';
import type { BarPath } from '../../venue/bar-path.js';
import type { LimitFill } from '../../venue/paper/matching.js';

/** How orders are filled where prices leave it open. */
export interface FillModel {
  readonly path: BarPath;
  readonly limitFill: LimitFill;
  /** Percentage of the traded volume that all orders together may get. Null: as much as they want. */
  readonly volumePartPct: number | null;
}

const PATHS: Readonly<Record<BarPath, string>> = {
  nearer: 'to the extreme nearer to it, to the other one',
  'high-first': 'to the high, to the low',
  'low-first': 'to the low, to the high',
};

/** What the prices of a run leave to no rule. */
export interface PricesKind {
  /** Symbols of which bid and ask are both recorded. */
  readonly withOwnSpread: readonly string[];
  /** Some are books. */
  readonly showBooks: boolean;
}

/** `tierFills`: by instrument, how many fills had its own fees, and each tier of them. */
export function executionLines(
  { paper, instruments }: Desk,
  model: FillModel,
  { withOwnSpread, showBooks }: PricesKind,
  tierFills: (at: number) => readonly number[],
): readonly string[] {
  const { makerFeePpm, takerFeePpm, slippageTicks, latencyMs } = paper;
  const { path, limitFill, volumePartPct } = model;
  const spreads = instruments
    .filter(({ symbol }) => !withOwnSpread.includes(symbol))
    .map(({ symbol, spread }) => `${symbol} ${spread}`);
  const percent = (ppm: number): string => `${percentOfPpm(ppm)} %`;
  return [
    `Nothing is filled in the step in which it is sent: an order arrives ${latencyMs} ms of market time later.`,
    `Market and stop orders: at the far side of the quote and ${slippageTicks} ${slippageTicks === 1 ? 'tick' : 'ticks'} worse; a stop that the market jumped past gets the price behind the gap.`,
    `Limit orders: at their limit when the other side of the quote ${limitFill === 'touch' ? 'reaches it' : 'goes beyond it'}.`,
    `Inside a bar prices go from the open ${PATHS[path]}, to the close.`,
    ...(spreads.length === 0
      ? []
      : [
          `Around the single price of a bar or trade lies the spread of the desk file: ${spreads.join(', ')}.`,
        ]),
    ...(withOwnSpread.length === 0
      ? []
      : [
          `The spread of ${withOwnSpread.join(', ')} is the recorded one: buys go by the ask, sells by the bid.`,
        ]),
    ...(showBooks
      ? [
          'On recorded books orders get what is at each level, at its price; the rest of an entry expires, that of a closing order or a stop waits for the next snapshot.',
        ]
      : []),
    volumePartPct === null
      ? `Orders are filled whole${showBooks ? ' elsewhere' : ''}, whatever traded.`
      : `Orders get ${volumePartPct} % of what each price offered: a quarter of a bar’s volume, a trade’s size, a quote’s or level’s own.`,
    ...instruments.flatMap((instrument, at) => lotFeeLines(instrument, tierFills(at))),
    ...(instruments.every(({ fees }) => fees !== undefined)
      ? []
      : [
          `Fees: ${percent(makerFeePpm)} of what rested, ${percent(takerFeePpm)} of what was filled at once.`,
          ...rateTierLines({ paper, instruments }, tierFills),
        ]),
    ...instruments.flatMap(holdingLines),
    ...instruments.flatMap(marginLines),
  ];
}

function marginLines({ symbol, kind, margin }: Desk['instruments'][number]): string[] {
  if (margin === undefined) return [];
  const { initial, maintenance, initialPct, maintenancePct } = margin;
  const amounts =
    initial === undefined
      ? `${initialPct} % of its worth to open it, ${maintenancePct} % to hold it`
      : `${initial} ${quoteOf(symbol)} to open it, ${maintenance} to hold it`;
  return [`Margin of a ${unitName(kind)} of ${symbol}: ${amounts}.`];
}

const UNIT_NAMES: Partial<Record<Desk['instruments'][number]['kind'], string>> = {
  stock: 'share',
  fx: 'lot',
};

const unitName = (kind: Desk['instruments'][number]['kind']): string => UNIT_NAMES[kind] ?? 'contract';

const quoteOf = (symbol: string): string => symbol.split('/')[1] ?? '';

function holdingLines({ symbol, funding, swap }: Desk['instruments'][number]): readonly string[] {
  if (funding !== undefined)
    return [`Funding of ${symbol}: longs pay ${funding.ratePct} % to shorts every ${funding.everyHours} h.`];
  if (swap === undefined) return [];
  const { longPips, shortPips, rollover = ROLLOVER, zone = NEW_YORK, tripleOn = TRIPLE_ON } = swap;
  return [
    `Swap of ${symbol}: ${longPips} pips a lot and night long, ${shortPips} short, at ${rollover} ${zone}, three times on ${tripleOn}.`,
  ];
}

/** One line for each tier; the fills are those of all instruments whose fees are rates. */
function rateTierLines(
  { paper, instruments }: Pick<Desk, 'paper' | 'instruments'>,
  tierFills: (at: number) => readonly number[],
): readonly string[] {
  const { feeTiers, currency } = paper;
  if (feeTiers === undefined) return [];
  const counts = instruments.flatMap(({ fees }, at) => (fees === undefined ? [tierFills(at)] : []));
  const fills = [...feeTiers.keys(), feeTiers.length].map((tier) =>
    counts.reduce((sum, one) => sum + (one[tier] ?? 0), 0),
  );
  return [
    ...feeTiers.map(
      ({ from, makerFeePpm: maker, takerFeePpm: taker }) =>
        `From ${grouped(from)} ${currency} traded in thirty days: ${percentOfPpm(maker)} % of what rested, ${percentOfPpm(taker)} % of what was filled at once.`,
    ),
    fillsByTier('rates', fills, feeTiers),
  ];
}

/** `Fills by the tier of their fees (NQ/USD): 12 below 1 000, 3 from 1 000 on.` */
function fillsByTier(
  of: string,
  fills: readonly number[],
  tiers: readonly { readonly from: string }[],
): string {
  const parts = [`${grouped(String(fills[0] ?? 0))} below ${grouped(tiers[0]?.from ?? '')}`].concat(
    tiers.map(({ from }, at) => `${grouped(String(fills[at + 1] ?? 0))} from ${grouped(from)} on`),
  );
  return `Fills by the tier of their fees (${of}): ${parts.join(', ')}.`;
}

function lotFeeLines(
  { symbol, kind, fees }: Desk['instruments'][number],
  fills: readonly number[],
): readonly string[] {
  if (fees === undefined) return [];
  const { each, minimum, maximumPct } = fees;
  const least = minimum === undefined ? '' : `, at least ${minimum} for an order`;
  const most = maximumPct === undefined ? '' : `, at most ${maximumPct} % of what it traded`;
  const { tiers } = fees;
  return [
    `Fees of ${symbol}: ${each} ${quoteOf(symbol)} a ${unitName(kind)}${least}${most}.`,
    ...(tiers ?? []).map(
      (tier) =>
        `From ${grouped(tier.from)} traded in a month: ${tier.each} ${quoteOf(symbol)} a ${unitName(kind)}.`,
    ),
    ...(tiers === undefined ? [] : [fillsByTier(symbol, fills, tiers)]),
  ];
}

type Counts = Readonly<Record<string, number>>;
/** Why the first was refused, by limit. */
type First = Readonly<Record<string, string>>;

interface SignalsSent {
  readonly sent: number;
  readonly refused: Counts;
  readonly refusedFirst: First;
}

export const neverEnteredLines = ({
  neverEntered = [],
}: {
  readonly neverEntered?: readonly {
    readonly strategy: string;
    readonly symbols: readonly string[];
    readonly reason: string;
  }[];
}): readonly string[] =>
  neverEntered.map(
    ({ strategy, symbols, reason }) =>
      `${strategy} asked for no entry in ${symbols.join(', ')}; at the end: ${reason}`,
  );

export const deniedLines = (report: {
  readonly denied: Counts;
  readonly deniedFirst: First;
}): readonly string[] => refusedBy(report.denied, report.deniedFirst);

export const refusedAdjustLines = (report: {
  readonly adjustsRefused: Counts;
  readonly adjustsRefusedFirst: First;
}): readonly string[] => refusedBy(report.adjustsRefused, report.adjustsRefusedFirst);

export const refusedSignalLines = ({ signals }: { readonly signals?: SignalsSent }): readonly string[] =>
  signals === undefined ? [] : refusedBy(signals.refused, signals.refusedFirst);

const refusedBy = (counts: Counts, first: First): readonly string[] =>
  Object.entries(counts).map(
    ([limit, count]) =>
      `${limit}: ${grouped(String(count))}${count === 1 ? '' : ', the first'}: ${first[limit]}`,
  );

/** Null: none were given. A signal whose entry was refused is also among the refused entries. */
export function signalsText({ signals }: { readonly signals?: SignalsSent }): string | null {
  if (signals === undefined) return null;
  const refused = Object.values(signals.refused).reduce((all, count) => all + count, 0);
  return `${grouped(String(signals.sent))} sent, ${refused === 0 ? 'none' : grouped(String(refused))} refused`;
}

/** What became of no trade, by title. */
export const untradedLists = (
  report: Parameters<typeof neverEnteredLines>[0] &
    Parameters<typeof deniedLines>[0] &
    Parameters<typeof refusedAdjustLines>[0] &
    Parameters<typeof signalsText>[0] & { readonly rejected: Counts },
): readonly (readonly [title: string, lines: readonly string[]])[] => [
  ['Strategies that asked for no entry', neverEnteredLines(report)],
  ['Entries refused, by limit', deniedLines(report)],
  ['Changes of exits refused, by reason', refusedAdjustLines(report)],
  [`Signals: ${signalsText(report)}, by reason`, refusedSignalLines(report)],
  [
    'Orders rejected by the venue',
    Object.entries(report.rejected).map(([why, count]) => `${why}: ${grouped(String(count))}`),
  ],
];

export interface RollTold {
  readonly at: string;
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
}

/** `NQ/USD 202312 → 202403, 2023-12-11 05:00 UTC` */
export const rollTexts = ({ rolls = [] }: { readonly rolls?: readonly RollTold[] }): readonly string[] =>
  rolls.map(({ at, symbol, from, to }) => `${symbol} ${from} → ${to}, ${moment(Date.parse(at))}`);
