/** Where this desk's orders go: the paper venue in this process, or the exchange over the network. */
import type { MarketFeed, MarketWants } from '../contracts/market-feed.js';
import { deskEnvironment } from '../desk/desk-environment.js';
import { notTheDesks, ordersLeave } from '../desk/desk-venue.js';
import type { Desk } from '../desk/schema.js';
import { paperAccount } from '../domain/account-name.js';
import type { Instrument, InstrumentId } from '../domain/instrument.js';
import type { Engine } from '../engine/engine.js';
import type { DeskPaths, Runtime } from '../home/runtime.js';
import { type FeedOutside, outsideFor } from '../market/create-feed.js';
import { feedAddresses } from '../market/live/feed-addresses.js';
import { spreadTicksOf } from '../market/spread.js';
import type { PaperVenue, PaperVenueOptions } from '../venue/paper/paper-venue.js';
import type { VenuePort } from '../venue/port.js';
import { asAtVenue, tradedVenue } from '../venue/registry.js';
import { buildCalendars, buildHoldingCosts } from './engine-config.js';
import type { Log } from './log.js';
import { type Runner, StartRefused } from './running/runner.js';

export interface TradingVenue {
  readonly port: VenuePort;
  /** The same venue if it is our own and matches on our prices. Null: it is an exchange. */
  readonly paper: PaperVenue | null;
  /** Which account is traded; a journal belongs to one account. */
  readonly account: string;
}

interface VenueParts {
  readonly runtime: Runtime;
  readonly desk: Desk;
  readonly paths: DeskPaths;
  readonly instruments: readonly Instrument[];
  readonly feed: MarketFeed;
  readonly openPaper: (options: PaperVenueOptions) => PaperVenue;
  /** Lots that the account should hold: the engine's position, and coins that are not the desk's. */
  readonly expectedLots: (instrument: InstrumentId) => number;
  /** The venue's own id of the journal's account. Null: the journal doesn't say. */
  readonly expectedAccount: () => string | null;
  readonly feePerLot: (instrument: InstrumentId) => number | null;
  readonly log: Log;
}

export async function openTradingVenue(parts: VenueParts): Promise<TradingVenue> {
  const { desk, paths, instruments, feed } = parts;
  if (ordersLeave(desk)) return openAtVenue(parts);
  const paper = parts.openPaper({
    directory: paths.paperBook,
    prices: feed.source.identity,
    instruments: asAtVenue(instruments, desk.venue.name),
    paper: desk.paper,
    nowMs: () => feed.nowMs(),
    spreadTicks: spreadTicksOf(desk.instruments, instruments),
    calendars: buildCalendars(desk),
    holdingCosts: buildHoldingCosts(desk),
  });
  return { port: paper, paper, account: paperAccount(feed.source.identity) };
}

/** What a simulated or recorded market brings between two of its prices: at prices on the way inside a bar, and by time. */
export function betweenPrices({
  engine,
  runner,
  paper,
  settled,
}: {
  readonly engine: Pick<Engine, 'nextDueMs' | 'awaitedPrices'>;
  readonly runner: Pick<Runner, 'post'>;
  readonly paper: PaperVenue | null;
  readonly settled: () => Promise<void> | undefined;
}): Pick<MarketWants, 'between' | 'moments'> {
  // A runner that has stopped takes no tick: what was due would be due for ever.
  let passedMs = Number.NEGATIVE_INFINITY;
  const dueMs = (): number => {
    const nextMs = engine.nextDueMs();
    return nextMs > passedMs ? nextMs : Number.POSITIVE_INFINITY;
  };
  return {
    between: (next, nowMs, momentMs) => paper?.onTheWay(next, nowMs, engine.awaitedPrices, momentMs) ?? null,
    moments: {
      nextMs: () => Math.min(dueMs(), paper?.nextMomentMs ?? Number.POSITIVE_INFINITY),
      pass: (marketMs) => {
        passedMs = marketMs;
        paper?.passMoment(marketMs);
        runner.post({ kind: 'tick' });
        return settled();
      },
    },
  };
}

/** If orders go to an exchange, prices must come from the same one: another exchange is another market. */
export function deskOfFeeds(runtime: Runtime, desk: Desk): { desk: Desk; outside: FeedOutside } {
  if (!ordersLeave(desk)) {
    const addressesOf = feedAddresses(runtime.simulatedFeeds ?? {});
    return { desk, outside: { ...outsideFor('trader'), addressesOf } };
  }
  const { name, prices, live } = tradedVenue(desk.venue.name);
  const own = { ...desk, feeds: [name] };
  const addresses = prices.redirect(live.endpoint(desk, runtime.simulatedVenue));
  return { desk: own, outside: outsideFor('trader', addresses) };
}

/** Only this function loads the venue's library: a trader on a paper account never loads it. */
async function openAtVenue({
  runtime,
  desk,
  instruments,
  log,
  expectedLots,
  expectedAccount,
  feePerLot,
}: VenueParts): Promise<TradingVenue> {
  const { live } = tradedVenue(desk.venue.name);
  const endpoint = live.endpoint(desk, runtime.simulatedVenue);
  const signedIn = live.signIn(deskEnvironment());
  if (!signedIn.ok) throw new StartRefused(`${signedIn.problem}. No order was sent. ${signedIn.doThis}`);
  const port = await signedIn.access.open({
    endpoint,
    instruments,
    foreign: notTheDesks(desk),
    rateLimited: desk.venue.rateLimit.enabled,
    expectedLots,
    expectedAccount,
    feePerLot,
    onRefusedAnswer: (answer) =>
      log('warn', 'an answer of the exchange could not be believed', { kind: 'venue', answer }),
  });
  return { port, paper: null, account: live.accounts[endpoint.kind] };
}
