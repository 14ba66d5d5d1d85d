/** One running trader: engine, runner, journal, venue and market of one desk, and what the control socket asks of them. */
import type { Socket } from 'node:net';
import { settingsApproversNeeded, settingsSource } from '../desk/desk-settings.js';
import { goLiveApprovers } from '../desk/go-live-people.js';
import type { LoadedDesk } from '../desk/load.js';
import type { Instrument } from '../domain/instrument.js';
import type { Mode } from '../domain/mode.js';
import { parseMoney } from '../domain/money.js';
import type { CommandOutcome } from '../engine/effect.js';
import type { Engine } from '../engine/engine.js';
import { settingChanges, settingValues } from '../engine/settings/setting-specs.js';
import type { MarketEvent, MarketFeed } from '../market/feed.js';
import { type ArmPermission, armAuthority } from './control/arm-authority.js';
import { readDecisionKey } from './control/decision-key.js';
import { flatProver } from './control/flat-proof.js';
import { follow, RecentEntries } from './control/follow.js';
import { type GoLivePermission, goLiveAuthority } from './control/go-live-authority.js';
import type { CommandedTrader } from './control/handlers.js';
import { settingsAuthority } from './control/settings-authority.js';
import { sizeAuthority } from './control/size-authority.js';
import type { Journal } from './journal/journal.js';
import type { BarsAnswer, ControlMethods, FlatProof, TraderStatus } from './protocol.js';
import type { Clock } from './running/clock.js';
import type { CommandRequest, Runner } from './running/runner.js';
import type { ActivityLog } from './status/activity.js';
import type { BarHistory } from './status/bar-history.js';
import { MarketWatch } from './status/market-watch.js';
import { type StatusFacts, traderStatus } from './status/trader-status.js';
import type { TradingVenue } from './trading-venue.js';
import { warmUpBars, warmUpWith } from './warm-up.js';

/** A disk that hangs must not keep a person waiting for the answer to a stop. */
const ON_DISK_MS_MAX = 2000;
/** A market of ours goes on after this, whatever still waits for an answer. */
const SETTLE_MS_MAX = 2000;
const HOUR_MS = 3_600_000;

export interface DeskTraderParts {
  readonly home: string;
  readonly account: TraderStatus['account'];
  readonly loaded: LoadedDesk;
  readonly instruments: readonly Instrument[];
  readonly journal: Journal;
  readonly engine: Engine;
  readonly runner: Runner;
  readonly venue: TradingVenue;
  readonly feed: MarketFeed;
  readonly activity: ActivityLog;
  readonly bars: BarHistory;
  readonly clock: Clock;
  readonly startedWallMs: number;
  readonly onFeedEnded: (detail: string) => void;
}

export class DeskTrader implements CommandedTrader {
  readonly proveFlat: () => Promise<FlatProof>;
  readonly #parts: DeskTraderParts;
  readonly #facts: StatusFacts;
  readonly #market: MarketWatch;
  readonly #recent: RecentEntries;

  constructor(parts: DeskTraderParts) {
    const { account, loaded, instruments, journal, venue, feed, clock, startedWallMs } = parts;
    const { desk, configHash } = loaded;
    this.#parts = parts;
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
    };
    this.proveFlat = flatProver({
      venue: venue.port,
      instruments,
      nowMs: () => clock.wallMs(),
      ours: () => this.#ourFlatness(),
    });
  }

  /** The venue matches before the engine sees the price, as a real one does. */
  readonly onMarket = (event: MarketEvent): void | Promise<void> => {
    const { venue, runner, clock, feed } = this.#parts;
    const wallMs = clock.wallMs();
    this.#market.note(event, wallMs);
    venue.paper?.onMarket(event);
    if (event.kind === 'quote') {
      const { instrument, marketMs, bidTicks, askTicks } = event;
      runner.take({ kind: 'quote', instrument, bidTicks, askTicks, wallMs, marketMs });
    } else if (event.kind === 'bar') {
      const { volumeLots: _volume, ...bar } = event.bar;
      this.#parts.bars.add(event.bar);
      runner.take({ kind: 'bar', ...bar, warmup: false, wallMs, marketMs: event.marketMs });
    } else if (event.kind === 'ended') {
      runner.post({ kind: 'feed.ended', detail: event.detail });
      this.#parts.onFeedEnded(event.detail);
    }
    return feed.source.kind === 'live' ? undefined : this.#settled();
  };

  /** Time of our own markets waits for fills and orders that are on their way, so that it can't run away from them. */
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

  command(request: CommandRequest): Promise<CommandOutcome> {
    return this.#parts.runner.command(request);
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
    const { engine, clock, activity } = this.#parts;
    return traderStatus(this.#facts, {
      view: engine.view,
      notTrading: engine.whyNotTrading(),
      sequence: this.sequence(),
      marketData: this.#market.status(clock.wallMs()),
      activity: activity.newestFirst(),
    });
  }

  /** Throws `ControlRefusal`. */
  mayResize({ sizePct, decisions }: ControlMethods['resize']['params']): boolean {
    const { loaded, home, clock } = this.#parts;
    const approvers = loaded.desk.people.filter(({ roles }) => roles.includes('approver'));
    return sizeAuthority({
      desk: loaded.desk.desk,
      fromPct: this.status().sizePct,
      toPct: sizePct,
      decisions,
      approvers: new Set(approvers.map(({ name }) => name)),
      readKey: () => readDecisionKey(home),
      nowMs: clock.wallMs(),
    });
  }

  /** Throws `ControlRefusal`. */
  authorityOf({ haltId, decisions }: ControlMethods['arm']['params']): ArmPermission {
    const { loaded, home, clock } = this.#parts;
    const { desk } = loaded;
    const mayDecide = desk.people.filter(
      ({ roles }) => roles.includes('operator') || roles.includes('approver'),
    );
    return armAuthority({
      desk: desk.desk,
      haltId,
      decisions,
      deciders: new Set(mayDecide.map(({ name }) => name)),
      readKey: () => readDecisionKey(home),
      nowMs: clock.wallMs(),
    });
  }

  /** Throws `ControlRefusal`. */
  approversOf({
    approvalId,
    baseVersion,
    values,
    decisions,
  }: ControlMethods['reload']['params']): readonly string[] {
    const { loaded, home, clock, engine, journal } = this.#parts;
    const { desk } = loaded;
    const { changed, version } = engine.view.settings;
    const inForce = { ...settingValues(settingsSource(desk)), ...changed };
    const changes = settingChanges(inForce, values);
    // Made for other settings than those in force: the engine refuses it, whoever approved.
    if (changes.length === 0 || baseVersion !== version) return [];
    const approvers = desk.people.filter(({ roles }) => roles.includes('approver'));
    return settingsAuthority({
      desk: desk.desk,
      approvalId,
      proposal: { incarnation: journal.incarnation, version: baseVersion + 1, changes },
      decisions,
      approvers: new Set(approvers.map(({ name }) => name)),
      needed: settingsApproversNeeded(desk),
      readKey: () => readDecisionKey(home),
      nowMs: clock.wallMs(),
    });
  }

  /** Throws `ControlRefusal`. */
  goLiveOf({ proposal, decisions }: ControlMethods['goLive']['params']): GoLivePermission {
    const { loaded, home, clock } = this.#parts;
    const { desk, configHash } = loaded;
    return goLiveAuthority({
      desk: desk.desk,
      fileConfigHash: configHash,
      proposal,
      decisions,
      approvers: new Set(goLiveApprovers(desk)),
      needed: desk.goLive.needed,
      coolingOffMs: desk.goLive.coolingOffHours * HOUR_MS,
      readKey: () => readDecisionKey(home),
      nowMs: clock.wallMs(),
    });
  }

  warmUpAgain(): void {
    const { engine, runner, bars } = this.#parts;
    warmUpWith(runner, bars.newest(warmUpBars(engine)));
  }

  bars({ symbol, count, sinceMs }: ControlMethods['bars']['params']): BarsAnswer | null {
    return this.#parts.bars.answer(symbol, count, sinceMs);
  }

  follow(socket: Socket, id: unknown, fromSequence: number): void {
    follow(socket, id, fromSequence, this.#recent);
  }

  #ourFlatness(): Pick<FlatProof, 'entriesWorking' | 'state' | 'escalated'> {
    const { view } = this.#parts.engine;
    const symbols = view.positions.map(
      ({ instrument }) => this.#parts.instruments[instrument]?.symbol ?? '?',
    );
    const escalated = view.closeAll === 'escalated' ? symbols : [];
    return { entriesWorking: view.entriesWorking, state: view.closeAll, escalated };
  }
}
