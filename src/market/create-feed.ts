/** Chooses the source of prices by what was requested. */

import type { MarketFeed } from '../contracts/market-feed.js';
import { ordersLeave } from '../desk/desk-venue.js';
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';
import type { SessionCalendar } from '../domain/sessions/session-calendar.js';
import type { MarketChoice } from '../home/runtime.js';
import type { LiveAddresses, PriceReader } from '../venue/prices.js';
import { steadyNowMs } from '../venue/steady-clock.js';
import { openRecordedFeed } from './recorded/recorded-feed.js';
import type { MarketPositionStore } from './replay-feed.js';
import { openSimulatedFeed } from './simulated/simulated-feed.js';
import { spreadTicksOf } from './spread.js';

/** No venue of the list delivers prices, and nothing may replace them. */
export class FeedUnavailable extends Error {
  override readonly name = 'FeedUnavailable';
}

/** What lies outside the process, and the identity under which it is read. */
export interface FeedOutside {
  /** Milliseconds since 1970; never set back or forward. */
  readonly steadyMs: () => number;
  readonly addresses: LiveAddresses | null;
  /** By feed; a feed that is not listed uses `addresses`. */
  readonly addressesOf?: ReadonlyMap<string, LiveAddresses>;
  readonly reader: PriceReader;
  /** Trading hours by instrument. Absent: always open. */
  readonly calendars?: readonly SessionCalendar[];
}

/** `addresses`: null for the venues' own. */
export function outsideFor(reader: PriceReader, addresses: LiveAddresses | null = null): FeedOutside {
  return { steadyMs: steadyNowMs, addresses, reader };
}

/** If live prices take longer than this, the simulated market is used instead. */
const AUTO_LIVE_MS = 6000;
const LIVE_MS = 20_000;
const RECORDED_SPEED = 1;

/**
 * `auto`: live prices if a venue of the desk's list can be reached, else the simulated market. A desk whose orders
 * leave gets live prices or none. Throws `DataFileError` or `FeedUnavailable`; nothing is left open then.
 */
export async function createFeed(
  choice: MarketChoice,
  desk: Pick<Desk, 'mode' | 'venue' | 'feeds' | 'instruments' | 'market'>,
  instruments: readonly Instrument[],
  position: MarketPositionStore,
  outside: FeedOutside,
): Promise<MarketFeed> {
  if (choice.kind === 'recorded') {
    return openRecordedFeed({
      files: choice.files,
      instruments,
      spreadTicks: spreadTicksOf(desk.instruments, instruments),
      speed: choice.speed === undefined ? RECORDED_SPEED : choice.speed,
      position,
      steadyMs: outside.steadyMs,
    });
  }
  if (choice.kind === 'simulated') return simulated(choice, desk, instruments, position, outside);
  const mustBeLive = choice.kind === 'live' || ordersLeave(desk);
  const live = await tryLive(desk, instruments, mustBeLive ? LIVE_MS : AUTO_LIVE_MS, outside);
  if (live.ok) return live.feed;
  const reasons = live.reasons.join('; ');
  if (!mustBeLive)
    return simulated(choice, desk, instruments, position, outside, `no live prices: ${reasons}`);
  throw new FeedUnavailable(
    `no venue gives prices (${reasons}). Nothing was traded. Check the network, or put a venue that can be reached from ` +
      'here into `feeds` of the desk file.',
  );
}

/** Loaded on demand only: a trader on simulated prices does not load the venue library. */
async function tryLive(
  desk: Pick<Desk, 'feeds' | 'mode' | 'venue'>,
  instruments: readonly Instrument[],
  deadlineMs: number,
  outside: FeedOutside,
) {
  const { openLiveFeed } = await import('./live/open-live-feed.js');
  // Orders have no other venue to go to: one halted symbol must not keep prices from the others.
  const atVenue = ordersLeave(desk);
  const needs = { mayLack: atVenue, needsTime: atVenue };
  return openLiveFeed({ ...outside, venues: desk.feeds, instruments, deadlineMs, ...needs });
}

function simulated(
  choice: MarketChoice,
  desk: Pick<Desk, 'instruments' | 'market'>,
  instruments: readonly Instrument[],
  position: MarketPositionStore,
  { steadyMs, calendars }: FeedOutside,
  because?: string,
): MarketFeed {
  return openSimulatedFeed({
    instruments,
    spreadTicks: spreadTicksOf(desk.instruments, instruments),
    seed: choice.seed ?? desk.market.seed,
    speed: choice.speed === undefined ? desk.market.speed : choice.speed,
    position,
    steadyMs,
    ...(calendars === undefined ? {} : { calendars }),
    ...(because ? { because } : {}),
  });
}
