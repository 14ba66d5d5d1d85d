/** The fee of an order where a broker charges per contract or share, not by worth; and fees that fall with the volume. */
import { DAY_MS, type DayNumber, dateText } from './civil-date.js';
import type { Instrument, LotFees } from './instrument.js';
import { MONEY_PLACES, parseUnits, readUnits, type Units, type WrittenUnits, writeUnits } from './money.js';
import { notional, valuedAt } from './value.js';

/** What a fee has been charged for; `value` and `fee` in money units. */
export interface Charged {
  readonly lots: number;
  readonly value: number;
  readonly fee: number;
  /** With tiers: that of its first fill, which applies to the whole order. */
  readonly perLot?: number;
}

export const NOTHING_CHARGED: Charged = { lots: 0, value: 0, fee: 0 };

const PPM = 1_000_000n;

/**
 * The fee for further lots of an order. Minimum and maximum apply to the whole order, so a later fill pays
 * what earlier ones did not. Rounded up to a money unit. Nothing is refunded if the desk file's fees have
 * since fallen.
 */
export function lotFee(fees: LotFees, charged: Charged, lots: number, value: number): number {
  return Math.max(0, Math.ceil(wholeFee(fees, charged.lots + lots, charged.value + value)) - charged.fee);
}

function wholeFee({ perLot, minimum, maximumPpm }: LotFees, lots: number, value: number): number {
  const byLot = Math.max(perLot * lots, minimum);
  if (lots === 0 || maximumPpm === undefined) return lots === 0 ? 0 : byLot;
  return Math.min(byLot, Number((BigInt(value) * BigInt(maximumPpm) + PPM - 1n) / PPM));
}

/** What was traded in instruments whose fees have tiers, by what counts together (`poolOf`), in the unit of the tiers. */
export type Volumes = Map<string, VolumeSeen>;

export interface VolumeSeen {
  /** The day of the first fill. */
  readonly since: DayNumber;
  /** By day in UTC; days that no tier looks back to are gone. */
  readonly days: readonly (readonly [day: DayNumber, units: WrittenUnits])[];
}

const CONTRACT_PLACES = 12;
const DAYS_COUNTED = 30;
/** One more than the longest month. */
const DAYS_KEPT = 32;

/** Decimal places of the unit in which the volume of an instrument is counted. */
export const volumePlaces = ({ lotFees }: Pick<Instrument, 'lotFees'>): number =>
  lotFees === undefined ? MONEY_PLACES : CONTRACT_PLACES;

/** Fees by worth count together; contracts or shares do by their kind. */
const poolOf = ({ kind, lotFees }: Instrument): string => (lotFees === undefined ? 'worth' : kind);

const dayOfMs = (marketMs: number): DayNumber => Math.floor(marketMs / DAY_MS);
const monthOf = (day: DayNumber): string => dateText(day).slice(0, 7);

interface Traded {
  readonly quantityLots: number;
  readonly priceTicks: number;
  readonly rate?: number | undefined;
  readonly marketMs: number;
}

/** Counts a fill, if the fees of its instrument have tiers. */
export function countTraded(volumes: Volumes, instrument: Instrument, fill: Traded): void {
  if (instrument.feeTiers === undefined) return;
  const { quantityLots, priceTicks, rate = 1, marketMs } = fill;
  const units =
    instrument.lotFees === undefined
      ? BigInt(Math.round(notional(valuedAt(instrument, rate), quantityLots, priceTicks)))
      : BigInt(quantityLots) * parseUnits(instrument.lotSize, CONTRACT_PLACES);
  const pool = poolOf(instrument);
  const today = dayOfMs(marketMs);
  const { since, days } = volumes.get(pool) ?? { since: today, days: [] };
  const counted = new Map(days);
  counted.set(today, writeUnits(readUnits(counted.get(today) ?? 0) + units));
  const kept = [...counted].filter(([day]) => day > today - DAYS_KEPT).sort(([one], [other]) => one - other);
  volumes.set(pool, { since, days: kept });
}

/**
 * The volume that decides the fees of this moment. By worth: of the thirty days before this one. In contracts or
 * shares: of this month, as far as it has gone. What the desk file declares counts as traded just before the first
 * fill.
 */
export function volumeAt(instrument: Instrument, volumes: Volumes, marketMs: number): Units {
  const { since, days } = volumes.get(poolOf(instrument)) ?? { since: Number.POSITIVE_INFINITY, days: [] };
  const today = dayOfMs(marketMs);
  const counts = (day: DayNumber): boolean =>
    instrument.lotFees === undefined
      ? day < today && day >= today - DAYS_COUNTED
      : day <= today && monthOf(day) === monthOf(today);
  const before = instrument.lotFees === undefined ? since - 1 : since;
  const soFar = since > today || counts(before) ? (instrument.feeTiers?.soFar ?? 0) : 0;
  return days.reduce((sum, [day, units]) => (counts(day) ? sum + readUnits(units) : sum), BigInt(soFar));
}

/** The place of the tier that is in force. -1: none, the instrument's own fees. */
export function tierAt(instrument: Instrument, volumes: Volumes, marketMs: number): number {
  const { feeTiers } = instrument;
  if (feeTiers === undefined) return -1;
  const volume = volumeAt(instrument, volumes, marketMs);
  return feeTiers.tiers.findLastIndex(({ from }) => volume >= BigInt(from));
}

/** The instrument with the fees of the tier that is in force. */
export function withFeesAt(instrument: Instrument, volumes: Volumes, marketMs: number): Instrument {
  const tier = instrument.feeTiers?.tiers[tierAt(instrument, volumes, marketMs)];
  if (tier === undefined) return instrument;
  const { makerFeePpm = instrument.makerFeePpm, takerFeePpm = instrument.takerFeePpm, perLot } = tier;
  const { lotFees } = instrument;
  return {
    ...{ ...instrument, makerFeePpm, takerFeePpm },
    ...(lotFees === undefined || perLot === undefined ? {} : { lotFees: { ...lotFees, perLot } }),
  };
}
