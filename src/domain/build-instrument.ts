/** Turns the desk file's decimals into the integers that the engine computes with. */
import { DecimalError } from './decimal.js';
import type { Instrument, InstrumentId, InstrumentKind, LotFees, ServerTime } from './instrument.js';
import { formatUnits, MONEY_PLACES, parseMoney, parseUnits, ppmOfPercent } from './money.js';
import { volumePlaces } from './order-fee.js';
import { VALUE } from './value.js';

export interface InstrumentSource {
  readonly symbol: string;
  readonly kind: InstrumentKind;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly multiplier?: string | undefined;
  readonly pip?: string | undefined;
  readonly serverTime?: ServerTime | undefined;
  readonly exchange?: string | undefined;
  readonly contractMonth?: string | undefined;
  readonly sideBySide?: true | undefined;
  readonly minNotional: string;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** Of the rates. */
  readonly rateTiers?: readonly RateTierSource[] | undefined;
  /** In the desk's currency. */
  readonly volumeSoFar?: string | undefined;
  /** As in the desk file: per contract or share. */
  readonly fees?: FeesSource | undefined;
  readonly margin?: MarginSource | undefined;
}

/** Either both amounts, per contract or lot, or both percentages of its worth. */
interface MarginSource {
  readonly initial?: string | undefined;
  readonly maintenance?: string | undefined;
  readonly initialPct?: number | undefined;
  readonly maintenancePct?: number | undefined;
}

interface RateTierSource {
  readonly from: string;
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
}

interface FeesSource {
  readonly each: string;
  readonly minimum?: string | undefined;
  readonly maximumPct?: number | undefined;
  readonly tiers?: readonly { readonly from: string; readonly each: string }[] | undefined;
  readonly volumeSoFar?: string | undefined;
}

/** Keeps `ticks × lots` within 2^53; a venue's own bound is smaller. */
const QUANTITY_LOTS_MAX = 1_000_000_000_000;

/** Throws `DecimalError` if a step is not a decimal above zero. */
export function buildInstrument(id: InstrumentId, source: InstrumentSource): Instrument {
  const [base, quote] = source.symbol.split('/');
  if (base === undefined || quote === undefined) {
    throw new DecimalError(`expected a symbol BASE/QUOTE, found ${source.symbol}`);
  }
  return {
    id,
    symbol: source.symbol,
    kind: source.kind,
    base,
    quote,
    tickSize: source.tickSize,
    lotSize: source.lotSize,
    ...(source.multiplier === undefined ? {} : { multiplier: source.multiplier }),
    ...(source.pip === undefined ? {} : { pip: source.pip }),
    ...(source.serverTime === undefined ? {} : { serverTime: source.serverTime }),
    ...(source.exchange === undefined ? {} : { exchange: source.exchange }),
    ...(source.contractMonth === undefined ? {} : { contractMonth: source.contractMonth }),
    ...(source.sideBySide === undefined ? {} : { sideBySide: source.sideBySide }),
    moneyPerTickLot: moneyPerTickLot(source),
    minQuantityLots: 1,
    maxQuantityLots: QUANTITY_LOTS_MAX,
    minNotional: parseMoney(source.minNotional),
    makerFeePpm: source.makerFeePpm,
    takerFeePpm: source.takerFeePpm,
    ...(source.fees === undefined ? {} : { lotFees: lotFees(source.fees, source.lotSize) }),
    ...tiersOf(source),
    ...marginOf(source),
  };
}

function lotFees({ each, minimum = '0', maximumPct }: FeesSource, lotSize: string): LotFees {
  return {
    perLot: moneyOfLot(each, lotSize),
    minimum: parseMoney(minimum),
    ...(maximumPct === undefined ? {} : { maximumPpm: ppmOfPercent(maximumPct) }),
  };
}

function tiersOf({
  fees,
  rateTiers,
  volumeSoFar = '0',
  lotSize,
}: InstrumentSource): Pick<Instrument, 'feeTiers'> {
  const places = volumePlaces({ ...(fees === undefined ? {} : { lotFees: lotFees(fees, lotSize) }) });
  const volume = (text: string): number => Number(parseUnits(text, places));
  if (fees === undefined) {
    if (rateTiers === undefined) return {};
    const tiers = rateTiers.map(({ from, ...rates }) => ({ from: volume(from), ...rates }));
    return { feeTiers: { soFar: volume(volumeSoFar), tiers } };
  }
  if (fees.tiers === undefined) return {};
  const tiers = fees.tiers.map(({ from, each }) => ({
    from: volume(from),
    perLot: moneyOfLot(each, lotSize),
  }));
  return { feeTiers: { soFar: volume(fees.volumeSoFar ?? '0'), tiers } };
}

function marginOf({
  margin: { initial, maintenance, initialPct, maintenancePct } = {},
  lotSize,
}: InstrumentSource): Pick<Instrument, 'lotMargin' | 'worthMargin'> {
  if (initial !== undefined && maintenance !== undefined)
    return {
      lotMargin: { initial: moneyOfLot(initial, lotSize), maintenance: moneyOfLot(maintenance, lotSize) },
    };
  if (initialPct === undefined || maintenancePct === undefined) return {};
  return {
    worthMargin: { initialPpm: ppmOfPercent(initialPct), maintenancePpm: ppmOfPercent(maintenancePct) },
  };
}

/** Converts an amount per contract or share to one per lot, rounded up to a money unit. */
function moneyOfLot(each: string, lotSize: string): number {
  const product = parseUnits(each, STEP_PLACES_MAX) * parseUnits(lotSize, STEP_PLACES_MAX);
  const unit = (ONE * ONE) / ONE_MONEY;
  return Number((product + unit - 1n) / unit);
}

/** Finest step that a venue may have, in decimal places. */
const STEP_PLACES_MAX = 12;
const ONE = 10n ** BigInt(STEP_PLACES_MAX);
const ONE_MONEY = 10n ** BigInt(MONEY_PLACES);

function moneyPerTickLot({ symbol, kind, tickSize, lotSize, multiplier = '1' }: InstrumentSource): number {
  const tick = parseUnits(tickSize, STEP_PLACES_MAX);
  const lot = parseUnits(lotSize, STEP_PLACES_MAX);
  const times = parseUnits(multiplier, STEP_PLACES_MAX);
  if (tick <= 0n || lot <= 0n || times <= 0n) {
    const found = `tick ${tickSize}, lot ${lotSize} and multiplier ${multiplier}`;
    throw new DecimalError(`${symbol}: expected steps above zero, found ${found}`);
  }
  if (kind === 'inverse') return Number(lot * times * ONE_MONEY) / Number(tick * ONE);
  const unit = (ONE * ONE) / ONE_MONEY;
  const product = (tick * lot * times) / ONE;
  // Finer than a money unit: 0.1 for a tick × lot of 0.000000001.
  return product % unit === 0n ? Number(product / unit) : Number(product) / Number(unit);
}

/** `JPY/USD` or `USD/JPY`, for results in JPY on a desk in USD. */
export function converters(quote: string, currency: string): readonly [direct: string, inverse: string] {
  return [`${quote}/${currency}`, `${currency}/${quote}`];
}

/** The instrument whose price converts results in `quote`. Undefined: none is needed, or there is none. */
export function converterOf<One extends { readonly symbol: string }>(
  { kind, quote }: Pick<Instrument, 'kind' | 'quote'>,
  currency: string,
  instruments: readonly One[],
): One | undefined {
  if (VALUE[kind].converts !== true || quote === currency) return undefined;
  const [direct, inverse] = converters(quote, currency);
  return (
    instruments.find(({ symbol }) => symbol === direct) ??
    instruments.find(({ symbol }) => symbol === inverse)
  );
}

type Convertible = Pick<Instrument, 'id' | 'symbol' | 'kind' | 'base' | 'quote' | 'tickSize' | 'conversion'>;

/** Adds each instrument's conversion to the desk's currency. One without a conversion is unchanged. */
export function withConversions<One extends Convertible>(
  instruments: readonly One[],
  currency: string,
): readonly One[] {
  return instruments.map((instrument) => {
    const by = converterOf(instrument, currency, instruments);
    if (by === undefined) return instrument;
    const conversion = { to: currency, by: by.id, tickSize: by.tickSize, isInverse: by.base === currency };
    return { ...instrument, conversion };
  });
}

const PIP_PLACES = 12;

/** What a pip of one lot is worth, in words. Null: the instrument has no pips. */
export function pipText(
  {
    symbol,
    pip,
    multiplier = '1',
  }: { readonly symbol: string; readonly pip?: string | undefined; readonly multiplier?: string | undefined },
  currency: string,
): string | null {
  if (pip === undefined) return null;
  const [base = '', quote = ''] = symbol.split('/');
  const product = parseUnits(pip, PIP_PLACES) * parseUnits(multiplier, PIP_PLACES);
  const worth = formatUnits(product, 2 * PIP_PLACES).replace(/\.?0+$/, '');
  const converted = quote === currency ? '' : `, converted to ${currency} at the price of the moment`;
  return `${symbol}: a lot is ${multiplier} ${base}, and a pip of ${pip} of it is worth ${worth} ${quote}${converted}`;
}
