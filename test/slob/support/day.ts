/** A made-up day of NQ minutes on which `slob` sells, worked out by hand: test/slob/strategy.test.ts says how. */
import { DateTime } from 'luxon';

/** Prices in points. */
export interface Minute {
  /** HH:MM in New York. */
  readonly at: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

type Prices = readonly [open: number, high: number, low: number, close: number];

const QUIET: Prices = [15_000, 15_005, 14_995, 15_000];

/** What is not quiet. */
export const STORY: Readonly<Record<string, Prices>> = {
  '05:00': [15_004, 15_010, 15_002, 15_004],
  '09:30': [15_004, 15_020, 15_003, 15_016],
  '09:31': [15_016, 15_022, 15_012, 15_018],
  '09:32': [15_018, 15_021, 15_014, 15_016],
  '09:33': [15_016, 15_020, 15_013, 15_014],
  '09:34': [15_014, 15_019, 15_013, 15_019],
  '09:35': [15_018, 15_021, 15_014, 15_017],
  '09:36': [15_017, 15_021, 15_015, 15_018],
  '09:37': [15_018, 15_027, 15_017, 15_024],
  '09:38': [15_024, 15_025, 15_014, 15_015],
  '09:39': [15_015, 15_016, 15_010, 15_011],
  '09:40': [15_011, 15_012, 15_004, 15_006],
  '09:41': [15_006, 15_007, 14_990, 14_992],
  '09:42': [14_992, 14_996, 14_985, 14_990],
};

/** From 03:00 to the given time, without what is `undefined`; `changes` replace parts of the story `of` that day. */
export function dayUntil(
  until: string,
  changes: Readonly<Record<string, Prices | undefined>> = {},
  of: Readonly<Record<string, Prices>> = STORY,
): readonly Minute[] {
  const story = { ...of, ...changes };
  const minutes: Minute[] = [];
  for (let minute = 3 * 60; clock(minute) <= until; minute += 1) {
    const at = clock(minute);
    const prices = at in story ? story[at] : QUIET;
    if (prices === undefined) continue;
    const [open, high, low, close] = prices;
    minutes.push({ at, open, high, low, close });
  }
  return minutes;
}

/** Milliseconds since 1970. `date`: YYYY-MM-DD. */
export const momentOf = (date: string, at: string): number =>
  DateTime.fromISO(`${date}T${at}`, { zone: 'America/New_York' }).toMillis();

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
