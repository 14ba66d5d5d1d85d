/**
 * One running trader: engine, runner, journal, venue and market of one desk, and what the control socket
 * needs from them.
 */
import type { Socket } from 'node:net';
import type { ControlMethods } from '../contracts/control.js';
import type { MarketEvent, MarketFeed, MarketWants } from '../contracts/market-feed.js';
import type {
  BarsAnswer,
  EquityAnswer,
  FlatProof,
  NotTradingReason,
  TraderStatus,
} from '../contracts/trader-status.js';
import type { LoadedDesk } from '../desk/load.js';
import type { SplitRatio } from '../domain/corporate-action.js';
import type { Instrument } from '../domain/instrument.js';
import type { Mode } from '../domain/mode.js';
import { parseMoney } from '../domain/money.js';
import type { Engine } from '../engine/engine.js';
import type { Runtime } from '../home/runtime.js';
import { type DeskAuthority, deskAuthority } from './control/desk-authority.js';
import { flatProver } from './control/flat-proof.js';
import { follow, RecentEntries } from './control/follow.js';
import type { CommandedTrader } from './control/requests.js';
import { buildCalendars } from './engine-config.js';
import type { Journal } from './journal/journal.js';
import type { Clock } from './running/clock.js';
import type { Runner } from './running/runner.js';
import type { ActivityLog } from './status/activity.js';
import { type StatusFacts, traderStatus } from './status/build-status.js';
import { MarketWatch } from './status/market-watch.js';
import type { BarHistory, EquityCurve, WaitingSince } from './status/since-start.js';
import { betweenPrices, type TradingVenue } from './trading-venue.js';
import { showBar, showPast, splitBar, warmUpBars } from './warm-up.js';

/** A hanging disk must not keep a person waiting for the answer to a stop: every client waits longer than this. */
const ON_DISK_MS_MAX = 1000;
/** A simulated or recorded market goes on after this time, even if orders still have no answer. */
const SETTLE_MS_MAX = 2000;

export interface DeskTraderParts {
  readonly home: string;
  /** Address of the desk's page. */
  readonly web: Runtime['web'];
  readonly account: TraderStatus['account'];
  readonly loaded: LoadedDesk;
  readonly instruments: readonly Instrument[];
  readonly journal: Journal;
  readonly engine: Engine;
  readonly runner: Runner;
  readonly venue: TradingVenue;
  readonly feed: MarketFeed;
  readonly activity: ActivityLog;
  readonly waitingSince: WaitingSince;
  readonly curve: EquityCurve;
  readonly bars: BarHistory;
  readonly clock: Clock;
  readonly startedWallMs: number;
  readonly onFeedEnded: (detail: string) => void;
}

export class DeskTrader implements CommandedTrader {
  readonly proveFlat: () => Promise<FlatProof>;
  readonly authority: DeskAuthority;
  readonly runner: Runner;
  readonly #parts: DeskTraderParts;
  readonly #facts: StatusFacts;
  readonly #market: MarketWatch;
  readonly #recent: RecentEntries;

  constructor(parts: DeskTraderParts) {
    const { home, web, account, loaded, instruments, journal, engine, venue, feed, clock, startedWallMs } =
      parts;
    const { desk, configHash } = loaded;
    this.#parts = parts;
    this.runner = parts.runner;
    this.#market = new MarketWatch(feed, instruments);
    this.#recent = new RecentEntries(journal);
    this.#facts = {
      desk: desk.desk,
      fileConfigHash: configHash,
      incarnation: journal.incarnation,
      startedWallMs,
      trading: desk.mode,
      account,
      currency: desk.paper.currency,
      startingCash: parseMoney(desk.paper.balance),
      instruments,
      calendars: buildCalendars(desk),
    };
    this.authority = deskAuthority({
      home,
      web,
      loaded,
      engine,
      incarnation: journal.incarnation,
      nowMs: () => clock.wallMs(),
    });
    this.proveFlat = flatProver({
      venue: venue.port,
      instruments,
      nowMs: () => clock.wallMs(),
      isTradable: (instrument, lots) => engine.isDesksTradable(instrument, lots),
      ours: () => this.#ourFlatness(),
    });
  }

  get wants(): MarketWants {
    const { engine, runner, venue } = this.#parts;
    const trades = engine.tradeListeners.length > 0;
    const settled = () => this.#settled();
    return { trades, ...betweenPrices({ engine, runner, paper: venue.paper, settled }) };
  }

  /** Strategies that wait for trades, which these prices never include. */
  #deaf(): readonly NotTradingReason[] {
    const { engine, feed } = this.#parts;
    if (feed.tellsTrades) return [];
    const reason = `it listens to trades, and ${feed.source.label} tells of none`;
    return engine.tradeListeners.map((subject) => ({
      subject,
      reason,
      waitsFor: 'prices that tell of trades (docs/STRATEGY.md)',
    }));
  }

  /** The venue matches before the engine sees the price, as a real venue does. */
  readonly onMarket = (event: MarketEvent): void | Promise<void> => {
    if (event.kind === 'bar' && event.past === true) return showPast(this.#parts, event.bar);
    const { venue, runner, clock, feed } = this.#parts;
    const wallMs = clock.wallMs();
    const monotonicMs = clock.monotonicMs();
    this.#market.note(event, monotonicMs);
    venue.paper?.onMarket(event);
    if (event.kind === 'quote') {
      runner.take({ ...event, wallMs, monotonicMs });
    } else if (event.kind === 'trade') {
      runner.take({ ...event, wallMs, monotonicMs });
    } else if (event.kind === 'bar') {
      const { bar, marketMs } = event;
      const quote = this.#parts.engine.quoteAt(bar.instrument);
      this.#parts.bars.add(quote === null ? bar : { ...bar, quote });
      const late = event.late === true;
      runner.take({ kind: 'bar', ...bar, warmup: false, late, wallMs, marketMs, monotonicMs });
      const lines = this.#parts.engine.strategyLines(bar.instrument, bar.openMs);
      this.#parts.bars.draw(bar.instrument, bar.openMs, lines);
    } else if (event.kind === 'ended') {
      runner.post({ kind: 'feed.ended', detail: event.detail });
      this.#parts.onFeedEnded(event.detail);
    }
    return feed.source.kind === 'live' ? undefined : this.#settled();
  };

  /**
   * A simulated or recorded market waits for fills and orders under way, so its time can't run ahead of them.
   */
  #settled(): Promise<void> | undefined {
    const first = this.#onTheirWay();
    if (first === undefined) return undefined;
    const deadlineMs = performance.now() + SETTLE_MS_MAX;
    return first.then(async () => {
      for (let next = this.#onTheirWay(); next !== undefined; next = this.#onTheirWay()) {
        if (performance.now() > deadlineMs) return;
        await next;
      }
    });
  }

  #onTheirWay(): Promise<void> | undefined {
    return this.#parts.venue.paper?.settled() ?? this.#parts.runner.settled();
  }

  async onDisk(): Promise<string | null> {
    const { journal } = this.#parts;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, ON_DISK_MS_MAX, `the disk has not answered for ${ON_DISK_MS_MAX / 1000} s`);
    });
    const written = journal.whenDurable(journal.lastSequence).then(
      () => null,
      () => journal.fault?.detail ?? 'the journal could not be written',
    );
    const problem = await Promise.race([written, late]);
    clearTimeout(timer);
    return problem;
  }

  mode(): Mode {
    return this.#parts.engine.view.mode;
  }

  sequence(): number {
    return this.#parts.journal.lastSequence;
  }

  status(): TraderStatus {
    const { engine, clock, activity, waitingSince } = this.#parts;
    const { view } = engine;
    return traderStatus(this.#facts, {
      view,
      venueContracts: this.#parts.venue.port.contracts?.() ?? [],
      notTrading: [...engine.whyNotTrading(), ...this.#deaf()],
      sequence: this.sequence(),
      marketData: this.#market.status(clock.monotonicMs(), view),
      activity: activity.newestFirst(),
      waitingSinceMs: (clientId) => waitingSince.of(clientId),
    });
  }

  splitBars(symbol: string, ratio: SplitRatio): void {
    const { instruments, bars } = this.#parts;
    const at = instruments.find((known) => known.symbol === symbol)?.id;
    if (at !== undefined) bars.split(at, (bar) => splitBar(bar, ratio));
    this.warmUpAgain();
  }

  warmUpAgain(): void {
    const { engine, runner, bars } = this.#parts;
    const again = bars.newest(warmUpBars(engine.view.strategies));
    for (const bar of again) showBar({ engine, runner, history: bars }, bar);
  }

  bars({ symbol, count, sinceMs }: ControlMethods['bars']['params']): BarsAnswer | null {
    const { bars, feed } = this.#parts;
    const answer = bars.answer(symbol, count, sinceMs);
    return answer === null ? null : { ...answer, source: feed.source.identity };
  }

  equity({ after, count }: ControlMethods['equity']['params']): EquityAnswer {
    const { curve, journal } = this.#parts;
    return { incarnation: journal.incarnation, ...curve.answer(after, count) };
  }

  follow(socket: Socket, id: unknown, fromSequence: number): void {
    follow(socket, id, fromSequence, this.#recent);
  }

  #ourFlatness(): Pick<FlatProof, 'entriesWorking' | 'state' | 'escalated'> {
    const { view } = this.#parts.engine;
    const symbols = view.positions
      .filter(({ protection }) => protection !== 'dust')
      .map(({ instrument }) => this.#parts.instruments[instrument]?.symbol ?? '?');
    const escalated = view.closeAll === 'escalated' ? symbols : [];
    return { entriesWorking: view.entriesWorking, state: view.closeAll, escalated };
  }
}
