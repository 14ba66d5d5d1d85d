/** What trading came to: round trips, and what they brought by day, week or month. */

/** The part of a Postgres pool that is used. Rejects when the database is down. */
export interface Queries {
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

export const PERIODS = ['day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

/** Amounts are decimal text in the desk's currency. */
export interface Sums {
  /** Closed round trips, and those with a profit after fees. */
  readonly trips: number;
  readonly wins: number;
  /** After fees. */
  readonly net: string;
  readonly fees: string;
}

export interface RoundTrip {
  readonly id: string;
  readonly symbol: string;
  readonly strategy: string;
  readonly side: 'long' | 'short';
  /** Market milliseconds. */
  readonly openedMs: number;
  readonly closedMs: number;
  /** Everything that was entered. */
  readonly quantity: string;
  /** Average prices, without zeros at their end. */
  readonly entry: string;
  readonly exit: string;
  /** Places of the instrument's tick at that time, as its fills were recorded: an average is written with them. */
  readonly priceDigits: number;
  /** After fees; percent of what was paid at the entry. */
  readonly net: string;
  readonly netPct: number;
  /** Result over what the first protective stop would have lost; null without one. */
  readonly r: number | null;
  /** Purpose of the last fill: exit, protective, close, foreign. */
  readonly reason: string;
  readonly fees: string;
}

export interface PeriodSums extends Sums {
  /** Market milliseconds. */
  readonly startMs: number;
  /** Its first trading day; weeks begin on Monday. */
  readonly date: string;
}

export interface FoundResults {
  readonly total: Sums;
  /** Newest first, by the time of closing; those without a round trip are left out. */
  readonly periods: readonly PeriodSums[];
  /** Newest first. */
  readonly roundTrips: readonly RoundTrip[];
  /** There are older ones: the sums count them, the list does not. */
  readonly truncated: boolean;
}
