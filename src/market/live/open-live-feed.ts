/** Finds the first venue of the desk's list that delivers prices. The choice holds until the next start. */
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Instrument } from '../../domain/instrument.js';
import { venueOfFeed } from '../../domain/venue.js';
import type { LiveAddresses, PriceConnection, PriceReader } from '../../venue/prices.js';
import { priceSourceOf } from '../../venue/registry.js';
import { LiveFeed, type LiveTimes, VenueTime } from './live-feed.js';

interface LiveOptions {
  /** Feeds of the desk file, in order of preference. */
  readonly venues: readonly string[];
  readonly instruments: readonly Instrument[];
  /** For all venues together, in milliseconds. */
  readonly deadlineMs: number;
  /** Milliseconds since 1970; never set back or forward. */
  readonly steadyMs: () => number;
  /** Null: the venues' own. */
  readonly addresses: LiveAddresses | null;
  /** By feed; a feed that is not listed uses `addresses`. */
  readonly addressesOf?: ReadonlyMap<string, LiveAddresses>;
  readonly reader: PriceReader;
  /** Skips a venue whose time can't be read: real money does not rely on this machine's clock. */
  readonly needsTime?: boolean;
  /**
   * A venue is accepted if it shows a price for one instrument, or for none if it is expected back; otherwise
   * it must show one for each.
   */
  readonly mayLack?: boolean;
  readonly times?: LiveTimes;
}

type LiveOutcome =
  | { readonly ok: true; readonly feed: LiveFeed; readonly passedOver: readonly string[] }
  /** One reason for each venue. */
  | { readonly ok: false; readonly reasons: readonly string[] };

/** A venue without data for this long is skipped if another one follows; also the longest wait for one answer. */
const VENUE_MS_MAX = 5000;
const TIME_AGAIN_MS = 200;

/** Never throws. */
export async function openLiveFeed(options: LiveOptions): Promise<LiveOutcome> {
  const endsAt = performance.now() + options.deadlineMs;
  const reasons: string[] = [];
  for (const [index, name] of options.venues.entries()) {
    const left = endsAt - performance.now();
    const after = options.venues.length - index - 1;
    // Nothing waits behind the last one, and a slow machine takes seconds to load a venue's library alone.
    const budgetMs = Math.floor(after === 0 ? left : Math.min(VENUE_MS_MAX, left / (after + 1)));
    if (budgetMs <= 0) {
      reasons.push(`${name}: not tried, out of time`);
      continue;
    }
    const venue = venueOfFeed(name);
    const addresses = options.addressesOf?.get(name) ?? options.addresses;
    const found = await tryVenue(venue, budgetMs, { ...options, addresses });
    if (typeof found === 'string') {
      reasons.push(`${name}: ${found}`);
      continue;
    }
    const { instruments, steadyMs, times } = options;
    // If the venue may be away, its prices wait for its time instead.
    const needsTime = options.needsTime === true && !found.mayBeAway;
    const time = new VenueTime(found.prices, steadyMs);
    const timeMs = Math.max(1, endsAt - performance.now()) / (options.venues.length - index);
    if (!(await readTime(time, timeMs, needsTime)) && needsTime) {
      await found.prices.close().catch(() => {});
      reasons.push(`${name}: does not tell its time, and with real money no clock of this machine stands in`);
      continue;
    }
    const market = addresses?.market ?? null;
    const given = { name, venue, market, ...found, instruments, time, steadyMs };
    const feed = new LiveFeed({ ...given, ...(times ? { times } : {}) });
    return { ok: true, feed, passedOver: reasons };
  }
  return { ok: false, reasons };
}

/** False if the venue has not told its time by then. */
async function readTime(time: VenueTime, ms: number, untilRead: boolean): Promise<boolean> {
  const endsAt = performance.now() + ms;
  for (;;) {
    const leftMs = endsAt - performance.now();
    const read = leftMs > 0 && (await within(time.measure(), leftMs, () => {}).catch(() => false));
    if (read || !untilRead || performance.now() >= endsAt) return read;
    await sleep(TIME_AGAIN_MS);
  }
}

interface Found {
  readonly prices: PriceConnection;
  /** Symbols without a price. */
  readonly missing: readonly string[];
  /** Not checked for a current price, since it comes back by itself. */
  readonly mayBeAway: boolean;
}

/** The venue's prices, once it has shown as many as it must, or the reason why it did not. */
async function tryVenue(venue: string, budgetMs: number, options: LiveOptions): Promise<Found | string> {
  const endsAt = performance.now() + budgetMs;
  const { instruments, addresses, reader, mayLack = false } = options;
  const source = priceSourceOf(venue);
  const { probe } = source;
  const unreachable = probe === null ? null : await probeVenue(addresses?.http(probe) ?? probe, budgetMs);
  if (unreachable !== null) return unreachable;
  let prices: PriceConnection | null = null;
  try {
    const timeoutMs = Math.min(budgetMs, VENUE_MS_MAX);
    const opening = source.open({ instruments, timeoutMs, addresses, reader, mayLack });
    prices = await within(opening, endsAt - performance.now(), (late) => void late.close().catch(() => {}));
    if (mayLack && prices.comesBack) return { prices, missing: [], mayBeAway: true };
    const symbols = instruments.map(({ symbol }) => symbol);
    const tickers = await within(prices.fetchQuotes(symbols), endsAt - performance.now(), () => {});
    const missing = symbols.filter(
      (wanted) => !tickers.some(({ symbol, bid }) => symbol === wanted && Number(bid) > 0),
    );
    if (missing.length > 0 && (!mayLack || missing.length === symbols.length))
      throw new Error(`shows no price of ${missing.join(', ')}`);
    return { prices, missing, mayBeAway: false };
  } catch (error) {
    await prices?.close().catch(() => {});
    return error instanceof Error ? error.message.slice(0, 200) : String(error);
  }
}

/** Rejects when time is up; a later result is passed to `tooLate`. */
async function within<T>(promise: Promise<T>, ms: number, tooLate: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        over = true;
        reject(new Error('no data in time'));
      },
      Math.max(0, ms),
    );
  });
  promise.then(
    (value) => {
      if (over) tooLate(value);
    },
    () => {},
  );
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}

/**
 * Whether the venue can be reached at all. Checked before ccxt is loaded, which costs 30 MB for the life of the
 * process. Null: it answers. Otherwise why not, in a few words. Never throws.
 */
function probeVenue(url: string, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const onAnswer = (answer: IncomingMessage): void => {
      answer.resume();
      settle(refusal(answer.statusCode ?? 0));
    };
    const request = url.startsWith('http:') ? getHttp(url, onAnswer) : getHttps(url, onAnswer);
    const timer = setTimeout(() => settle(`no answer within ${timeoutMs} ms`), timeoutMs);
    const settle = (reason: string | null): void => {
      clearTimeout(timer);
      resolve(reason);
      if (reason !== null) request.destroy();
    };
    request.on('error', (error: NodeJS.ErrnoException) => settle(networkReason(error)));
  });
}

function refusal(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status === 451 || status === 403) return `refuses this region or address (${status})`;
  if (status === 418 || status === 429) return `has banned this address for a while (${status})`;
  return `answered ${status}`;
}

function networkReason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'its name cannot be resolved';
  if (error.code === 'ECONNREFUSED') return 'refuses the connection';
  return error.code ?? error.message;
}
