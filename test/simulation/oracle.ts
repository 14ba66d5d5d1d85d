/** Watches everything that leaves the engine, with a small book of its own, and collects what must never happen. */
import type { Instrument } from '../../src/domain/instrument.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { FINAL_ORDER_STATES } from '../../src/domain/order.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { Effect } from '../../src/engine/effect.js';
import type { Command, EngineEvent } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { SettingsState } from '../../src/engine/state.js';
import type { EngineView } from '../../src/engine/view.js';
import type { FixedKey, RiskNumbers } from '../../src/limits/registry.js';
import { staleMsOf } from '../../src/limits/stale-data.js';
import { wronglyAsked, wronglyLifted } from './authority.js';
import type { Bank } from './bank.js';
import { REST_BARS } from './entries.js';
import { Evidence } from './evidence.js';
import { FollowedBook } from './followed-book.js';
import { Injected } from './injected.js';
import { isWrongQuote } from './outside.js';
import { engineConfig, type Scenario } from './scenario.js';
import { isTradableAt, lotsThatNeedStops } from './tradable.js';
import { Unprotectable } from './unprotectable.js';
import type { Moment, Watcher } from './watcher.js';
import { AgainstEachOther } from './watchers/against-each-other.js';
import { AnswersInTime } from './watchers/answers-in-time.js';
import { CashRecords } from './watchers/cash-records.js';
import { CloseAllDeadline } from './watchers/close-all-deadline.js';
import { ClosesAlone, turnsRound } from './watchers/closes-alone.js';
import { ClosesAskedFor } from './watchers/closes-asked-for.js';
import { EntriesAllowed } from './watchers/entries-allowed.js';
import { Exits } from './watchers/exits.js';
import { HaltsKept } from './watchers/halts-kept.js';
import { LimitEntries } from './watchers/limit-entries.js';
import { LossLimits } from './watchers/loss-limits.js';
import { MarketEntries } from './watchers/market-entries.js';
import { MarketHours } from './watchers/market-hours.js';
import { NearestStop } from './watchers/nearest-stop.js';
import { OrderSizes } from './watchers/order-sizes.js';
import { Permissions } from './watchers/permissions.js';
import { Prompt } from './watchers/prompt.js';
import { ProtectiveStops } from './watchers/protective-stops.js';
import { Readings } from './watchers/readings.js';
import { RealPrices } from './watchers/real-prices.js';
import { RefusedStops } from './watchers/refused-stops.js';
import { Results } from './watchers/results.js';
import { ReworkedEntries } from './watchers/reworked-entries.js';
import { SideBySide } from './watchers/side-by-side.js';
import { Signals } from './watchers/signals.js';
import { StopChanges } from './watchers/stop-changes.js';
import { StopEntries } from './watchers/stop-entries.js';
import { StopGaps } from './watchers/stop-gaps.js';
import { StopsTrusted } from './watchers/stops-trusted.js';
import { Trades } from './watchers/trades.js';
import { WaitingEntries } from './watchers/waiting-entries.js';

const OF_ONE_TRADE = [
  EntriesAllowed,
  ProtectiveStops,
  StopGaps,
  Results,
  StopChanges,
  RefusedStops,
  Trades,
  Exits,
] as const;
const CALLS_PER_SECOND_MAX = 60;
const RESTS: ReadonlySet<string> = new Set(['working', 'partlyFilled']);

export class Oracle {
  readonly violations: string[] = [];
  adoptions = 0;
  armings = 0;
  submits = 0;
  fills = 0;
  /** What the core came to, by the kinds of its records. */
  readonly reached = new Injected();
  readonly evidence: Evidence;
  /** Lots that a person gave the desk, by symbol, whatever became of the journal. */
  readonly claimed = new Map<string, number>();
  readonly #book: FollowedBook;
  readonly #unprotectable: Unprotectable;
  readonly #watchers: readonly Watcher[];
  /** Of these, who listens: most of what happens is quotes. */
  readonly #listeners: readonly Required<Pick<Watcher, 'heard'>>[];
  readonly #sent = new Set<string>();
  /** Cancelled or given up before the venue had them. */
  readonly #withdrawn = new Set<string>();
  /** Settings in force that are not the desk file's. */
  #changed: SettingsState['changed'] = {};
  /** Every halt id that was ever used to arm. */
  readonly #armedWith = new Set<string>();
  readonly #config: EngineConfig;
  /** To the venue; the others wait for the disk. */
  readonly #handedOver = new Set<string>();
  /** Of the desk file that the process began with. */
  #fileHash = '';
  #second = 0;
  #calls = 0;

  constructor(
    private readonly scenario: Scenario,
    bank: Bank,
  ) {
    this.#config = engineConfig(scenario, 'oracle', () => '');
    const { tracker, closeAll, dayStartMs } = this.#config;
    const { maxConsecutiveLosses } = tracker;
    const risk = () => this.#riskInForce();
    const book = new FollowedBook(scenario);
    this.#book = book;
    this.evidence = new Evidence(scenario, book);
    this.#unprotectable = new Unprotectable(book);
    const watchers: readonly Watcher[] = [
      new AnswersInTime(book),
      new HaltsKept(book, scenario),
      new CloseAllDeadline(book, closeAll.deadlineMs),
      new ClosesAskedFor(),
      ...(turnsRound(scenario) ? [new ClosesAlone(book)] : []),
      new ProtectiveStops(book, scenario, () => risk().stopLossPct, this.#unprotectable),
      new StopGaps(book, scenario, this.#unprotectable),
      new EntriesAllowed(book, scenario, {
        maxPositionSizePct: () => risk().maxPositionSizePct,
        maxConsecutiveLosses,
      }),
      new LossLimits(book, risk, dayStartMs),
      new Permissions(book, this.#config, () => this.#fileHash),
      new Prompt(book, scenario, REST_BARS, () => staleMsOf(this.#config.risk)),
      new Results(book, scenario),
      new Readings(book, scenario),
      new RealPrices(book, scenario),
      new CashRecords(bank, book, scenario),
      new StopsTrusted(book, scenario),
      new StopChanges(book, scenario, this.#unprotectable),
      ...(scenario.doubles ? [new NearestStop(book)] : []),
      new RefusedStops(book, scenario),
      new Trades(scenario),
      new Exits(book, scenario),
      ...(scenario.hours ? [new MarketHours(book, scenario)] : []),
      new LimitEntries(scenario),
      new MarketEntries(book, scenario),
      new OrderSizes(scenario),
      new StopEntries(book, scenario),
      new WaitingEntries(book, scenario),
      new ReworkedEntries(),
      ...(scenario.signals ? [new Signals(book)] : []),
      ...(scenario.sideBySide ? [new SideBySide(book, scenario, this.#unprotectable)] : []),
      ...(scenario.against ? [new AgainstEachOther(book, scenario)] : []),
    ];
    // These know one trade and one stop of a position; where it has several, the one above looks at each.
    this.#watchers = scenario.sideBySide
      ? watchers.filter((watcher) => !OF_ONE_TRADE.some((kind) => watcher instanceof kind))
      : watchers;
    this.#listeners = this.#watchers.filter(
      (watcher): watcher is Watcher & Required<Pick<Watcher, 'heard'>> => watcher.heard !== undefined,
    );
  }

  /** A new process knows only what the disk kept. */
  restart(records: readonly EngineRecord[], wallMs: number, fileHash: string): void {
    this.#fileHash = fileHash;
    this.evidence.restart();
    this.#unprotectable.restart();
    this.#withdrawn.clear();
    this.#changed = {};
    for (const record of records) if (record.type === 'settings') this.#changed = record.changed;
    this.#book.restart(records);
    for (const watcher of this.#watchers) watcher.restarted?.(records, wallMs);
  }

  /** The engine is about to process it. */
  heard(event: EngineEvent, wallMs: number): void {
    const exchange = exchangeOf(event);
    if (exchange !== null) this.reached.count(exchange);
    // Nobody here looks at what is no price: it must change nothing.
    if (event.kind === 'quote' && isWrongQuote(event)) return;
    this.evidence.heard(event, wallMs);
    this.#unprotectable.heard(event, wallMs);
    for (const listener of this.#listeners) listener.heard(event, wallMs);
  }

  /** The process ran on after it had stood still. */
  thawed(wallMs: number): void {
    for (const watcher of this.#watchers) watcher.thawed?.(wallMs);
  }

  clockSet(wallMs: number, byMs: number): void {
    for (const watcher of this.#watchers) watcher.clockSet?.(wallMs, byMs);
  }

  commanded(command: Command): void {
    for (const watcher of this.#watchers) watcher.commanded?.(command);
  }

  record(record: EngineRecord, moment: Moment): void {
    this.reached.count(pathOf(record));
    const { instruments } = this.scenario;
    this.#unprotectable.recorded(record, (of) => instruments.findIndex(({ symbol }) => symbol === of));
    if (record.type === 'armed') this.#checkArming(record, moment);
    const wronglyHalted = record.type === 'halt' ? wronglyAsked(record.halt, this.#config.resume) : null;
    if (wronglyHalted !== null) this.violations.push(wronglyHalted);
    if (record.type === 'command' && record.name === 'kill' && this.#book.mode !== 'KILLED') {
      this.violations.push(`after a kill the desk is ${this.#book.mode}`);
    }
    if (record.type === 'position.adopted') this.adoptions += 1;
    if (record.type === 'coins.claimed') {
      const before = this.claimed.get(record.symbol) ?? 0;
      this.claimed.set(record.symbol, before + record.quantityLots);
    }
    if (record.type === 'fill') this.fills += 1;
    if (record.type === 'order.state' && FINAL_ORDER_STATES.has(record.state))
      this.#overBeforeSent(record.clientId);
    this.#object(
      this.evidence,
      this.evidence.objection(record, (clientId) => this.#sent.has(clientId)),
    );
    for (const watcher of this.#watchers) this.#object(watcher, watcher.recorded?.(record, moment) ?? null);
    if (record.type === 'settings') this.#changed = record.changed;
    this.#book.follow(record);
  }

  /** Something leaves that is no record. */
  left(effect: Exclude<Effect, { readonly kind: 'record' | 'reply' }>, moment: Moment): void {
    this.#call(moment.wallMs);
    if (effect.kind === 'cancel') this.#overBeforeSent(effect.clientId);
    if (effect.kind === 'requestSnapshot') this.evidence.asked(effect.requestId);
    if (effect.kind === 'submit' || effect.kind === 'replace') this.#submit(effect.order, moment);
    for (const watcher of this.#watchers) this.#object(watcher, watcher.left?.(effect, moment) ?? null);
  }

  /** Handed to the venue. */
  sent(clientId: string, isOnDisk: boolean): void {
    if (!isOnDisk) this.violations.push(`${clientId} was sent before the disk had it`);
    if (this.#withdrawn.has(clientId))
      this.violations.push(`${clientId} was sent after it had been cancelled or given up`);
    this.#handedOver.add(clientId);
  }

  /** Between events: a desk that may trade has not lost what it may lose. */
  look(moment: Moment): void {
    for (const watcher of this.#watchers) this.#object(watcher, watcher.looked?.(moment) ?? null);
  }

  marketClosed(wallMs: number): void {
    for (const watcher of this.#watchers) watcher.marketClosed?.(wallMs);
  }

  /** Nothing can be recorded any more. */
  lookAtBrokenDisk(): void {
    if (this.#book.mode === 'ACTIVE') this.violations.push('ACTIVE on a disk that takes nothing');
  }

  /** The costly part of it. */
  lookClosely(moment: Moment): void {
    for (const watcher of this.#watchers) this.#object(watcher, watcher.lookedClosely?.(moment) ?? null);
  }

  #overBeforeSent(clientId: string): void {
    if (!this.#handedOver.has(clientId)) this.#withdrawn.add(clientId);
  }

  #riskInForce(): RiskNumbers {
    const { risk } = this.#config;
    const changed = (key: FixedKey): number => Number(this.#changed[`risk.${key}`] ?? risk[key]);
    return {
      maxPositionSizePct: changed('maxPositionSizePct'),
      maxConcurrentPositions: changed('maxConcurrentPositions'),
      stopLossPct: changed('stopLossPct'),
      dailyLossLimitPct: changed('dailyLossLimitPct'),
      maxDrawdownPct: changed('maxDrawdownPct'),
      staleDataSeconds: changed('staleDataSeconds'),
    };
  }

  /** Whose eyes it took stands before the words. */
  #object(by: Watcher | Evidence, objection: string | null): void {
    if (objection !== null) this.violations.push(`${by.constructor.name}: ${objection}`);
  }

  /** Something was asked of the venue. No fault is a reason to flood it. */
  #call(wallMs: number): void {
    const second = Math.floor(wallMs / 1000);
    this.#calls = second === this.#second ? this.#calls + 1 : 1;
    this.#second = second;
    if (this.#calls !== CALLS_PER_SECOND_MAX) return;
    this.violations.push(`${CALLS_PER_SECOND_MAX} calls to the venue within a second`);
  }

  #submit(order: OrderIntent, { view, wallMs }: Moment): void {
    this.submits += 1;
    this.#sent.add(order.clientId);
    const { mode, closing } = this.#book;
    const allowed =
      order.purpose === 'protective' ||
      (order.purpose === 'close' && (closing || this.#unprotectable.has(order.instrument, wallMs))) ||
      mode === 'ACTIVE' ||
      (mode === 'REDUCING' && order.purpose === 'exit');
    if (!allowed) this.violations.push(`${order.purpose} order ${order.clientId} left in mode ${mode}`);
    if (order.purpose === 'entry') this.#checkEntry(order, view());
  }

  #checkArming(
    { haltId, authority, marketMs }: Extract<EngineRecord, { readonly type: 'armed' }>,
    moment: Moment,
  ): void {
    const { halts, closing, newestHalt } = this.#book;
    const wrong = wronglyLifted(halts, authority, marketMs, this.#config.dayStartMs);
    if (wrong !== null) this.violations.push(`${authority} lifted a halt that needs ${wrong.resume}`);
    this.armings += 1;
    const bare = this.#unprotected(moment);
    for (const [symbol, lots] of this.#book.nobodys)
      if (lots > 0) this.violations.push(`armed while ${lots} lots of ${symbol} are nobody's`);
    if (bare !== null) this.violations.push(`armed while ${bare} has no stop that rests`);
    if (closing) this.violations.push('armed while positions are being closed');
    if (haltId !== newestHalt) this.violations.push(`armed with ${haltId}, newest is ${newestHalt}`);
    if (this.#armedWith.has(haltId)) this.violations.push(`armed twice with ${haltId}`);
    this.#armedWith.add(haltId);
  }

  /** A position that could be sold, without a stop for all of it. */
  #unprotected({ view }: Moment): string | null {
    const bare = this.scenario.instruments.find((instrument) => {
      const { id } = instrument;
      const lots = this.#book.openLots(id);
      const stops = this.#book.liveOn(id, 'protective').filter(({ state }) => RESTS.has(state));
      const bidTicks = this.evidence.bidTicks(id) ?? 0;
      const isCovered = this.scenario.sideBySide
        ? stops.reduce((sum, { leftLots }) => sum + leftLots, 0) >= this.#needStops(instrument, view())
        : stops.some(({ leftLots }) => leftLots === lots);
      return isTradableAt(instrument, lots, bidTicks) && !isCovered;
    });
    return bare?.symbol ?? null;
  }

  #needStops(instrument: Instrument, { positions }: EngineView): number {
    const position = positions.find(({ instrument: at }) => at === instrument.id);
    return position === undefined ? 0 : lotsThatNeedStops(instrument, position);
  }

  #checkEntry(order: OrderIntent, view: EngineView): void {
    const risk = this.#riskInForce();
    const open = new Set(this.#book.entries.map(({ intent }) => intent.instrument));
    this.#book.lots.forEach((_, instrument) => {
      if (this.#isSellable(instrument, this.#book.openLots(instrument), view)) open.add(instrument);
    });
    if (open.size > risk.maxConcurrentPositions) {
      this.violations.push(`entry ${order.clientId} makes ${open.size} open positions`);
    }
    if (order.protectTicks === null) this.violations.push(`entry ${order.clientId} has no stop`);
  }

  /** What is worth less than the smallest order is held, but is no open position. */
  #isSellable(instrument: number, held: number, view: EngineView): boolean {
    const bidTicks = view.quotes.find((quote) => quote.instrument === instrument)?.bidTicks;
    return isTradableAt(this.scenario.instruments[instrument]!, held, bidTicks);
  }
}

function exchangeOf(event: EngineEvent): string | null {
  if (event.kind === 'order.replaced') return 'stop exchanged';
  if (event.kind !== 'order.replaceRejected') return null;
  const why = event.tooMany === true ? ', as many as the venue takes' : '';
  return `stop not exchanged: the old one ${event.old}${why}`;
}

const HOW = { limit: '', market: ' at the market', stop: ' by a stop' } as const;

function pathOf(record: EngineRecord): string {
  switch (record.type) {
    case 'halt':
      return `halt: ${record.halt.cause}`;
    case 'order.intended':
      return `order for ${record.order.purpose}${record.order.purpose === 'entry' ? HOW[record.order.type] : ''}`;
    case 'order.state':
      return `order ${record.state}`;
    case 'order.denied':
      return `order denied: ${record.limit}`;
    case 'stop.gap':
      return `without a stop: ${record.why}`;
    case 'reconciled':
      return record.clean ? 'reconciled' : 'reconciled with differences';
    case 'command':
      return `command ${record.name}: ${record.ok ? 'done' : 'refused'}`;
    default:
      return record.type;
  }
}
