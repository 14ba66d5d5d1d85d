/** From what was asked for to where prices come from. */

import type { MarketFeed } from '../contracts/market-feed.js';
import { ordersLeave } from '../desk/orders-leave.js';
import type { Desk } from '../desk/schema.js';
import type { Instrument } from '../domain/instrument.js';
import type { MarketChoice } from '../home/runtime.js';
import type { LiveAddresses, PriceReader } from '../venue/prices.js';
import { steadyNowMs } from '../venue/steady-clock.js';
import type { MarketPositionStore } from './position.js';
import { openRecordedFeed } from './recorded/recorded-feed.js';
import { openSimulatedFeed } from './simulated/simulated-feed.js';
import { spreadTicksOf } from './spread.js';

/** No venue of the list gives prices, and nothing may stand in for them. */
export class FeedUnavailable extends Error {
  override readonly name = 'FeedUnavailable';
}

/** What lies outside the process, and as whom it is asked. */
export interface FeedOutside {
  /** Milliseconds since 1970, never set back or forth. */
  readonly steadyMs: () => number;
  readonly addresses: LiveAddresses | null;
  readonly reader: PriceReader;
}

/** `addresses`: null for the venues' own. */
export function outsideFor(reader: PriceReader, addresses: LiveAddresses | null = null): FeedOutside {
  return { steadyMs: steadyNowMs, addresses, reader };
}

/** Nobody waits longer than this for a simulated market. */
const AUTO_LIVE_MS = 6000;
const LIVE_MS = 20_000;
const RECORDED_SPEED = 1;

/**
 * `auto`: live prices where a venue of the desk's list can be reached, else the simulated market; a desk whose orders
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

/** Loaded only when it is asked for: a trader on simulated prices keeps clear of the venue library. */
async function tryLive(
  desk: Pick<Desk, 'feeds' | 'mode' | 'venue'>,
  instruments: readonly Instrument[],
  deadlineMs: number,
  { steadyMs, addresses, reader }: FeedOutside,
) {
  const { openLiveFeed } = await import('./live/open-live-feed.js');
  // Orders have no other venue to go to: a symbol that is halted must not keep them from the others.
  const atVenue = ordersLeave(desk);
  const needs = { mayLack: atVenue, needsTime: atVenue };
  const venues = desk.feeds;
  return openLiveFeed({ venues, instruments, deadlineMs, steadyMs, addresses, reader, ...needs });
}

function simulated(
  choice: MarketChoice,
  desk: Pick<Desk, 'instruments' | 'market'>,
  instruments: readonly Instrument[],
  position: MarketPositionStore,
  { steadyMs }: FeedOutside,
  because?: string,
): MarketFeed {
  return openSimulatedFeed({
    instruments,
    spreadTicks: spreadTicksOf(desk.instruments, instruments),
    seed: choice.seed ?? desk.market.seed,
    speed: choice.speed === undefined ? desk.market.speed : choice.speed,
    position,
    steadyMs,
    ...(because ? { because } : {}),
  });
}
