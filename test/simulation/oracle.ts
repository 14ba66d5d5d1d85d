/** Watches everything that leaves the engine, with a small book of its own, and collects what must never happen. */
import type { OrderIntent } from '../../src/domain/order.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { Effect } from '../../src/engine/effect.js';
import type { Command, EngineEvent } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { EngineView } from '../../src/engine/view.js';
import { wronglyLifted } from './authority.js';
import { Evidence } from './evidence.js';
import { FollowedBook } from './followed-book.js';
import { engineConfig, type Scenario } from './scenario.js';
import type { Moment, Watcher } from './watcher.js';
import { AnswersInTime } from './watchers/answers-in-time.js';
import { CloseAllDeadline } from './watchers/close-all-deadline.js';
import { EntriesAllowed } from './watchers/entries-allowed.js';
import { HaltsKept } from './watchers/halts-kept.js';
import { ProtectiveStops } from './watchers/protective-stops.js';

const CALLS_PER_SECOND_MAX = 60;

export class Oracle {
  readonly violations: string[] = [];
  adoptions = 0;
  armings = 0;
  submits = 0;
  readonly evidence = new Evidence();
  readonly #book: FollowedBook;
  readonly #watchers: readonly Watcher[];
  readonly #sent = new Set<string>();
  /** Every halt id that was ever used to arm. */
  readonly #armedWith = new Set<string>();
  readonly #config: EngineConfig;
  #second = 0;
  #calls = 0;

  constructor(private readonly scenario: Scenario) {
    this.#config = engineConfig(scenario, 'oracle', () => '');
    const { risk, tracker, closeAll } = this.#config;
    const { maxPositionSizePct, stopLossPct } = risk;
    const { maxConsecutiveLosses } = tracker;
    const book = new FollowedBook(scenario.instruments.length);
    this.#book = book;
    this.#watchers = [
      new AnswersInTime(book),
      new HaltsKept(),
      new CloseAllDeadline(book, closeAll.deadlineMs),
      new ProtectiveStops(book, scenario, stopLossPct),
      new EntriesAllowed(book, scenario, { maxPositionSizePct, maxConsecutiveLosses }),
    ];
  }

  /** A new process knows only what the disk kept. */
  restart(records: readonly EngineRecord[], wallMs: number): void {
    this.evidence.restart();
    this.#book.restart(records);
    for (const watcher of this.#watchers) watcher.restarted?.(records, wallMs);
  }

  /** The engine is about to process it. */
  heard(event: EngineEvent, wallMs: number): void {
    for (const watcher of this.#watchers) watcher.heard?.(event, wallMs);
  }

  commanded(command: Command): void {
    for (const watcher of this.#watchers) watcher.commanded?.(command);
  }

  record(record: EngineRecord, moment: Moment): void {
    if (record.type === 'armed') this.#checkArming(record);
    if (record.type === 'command' && record.name === 'kill' && this.#book.mode !== 'KILLED') {
      this.violations.push(`after a kill the desk is ${this.#book.mode}`);
    }
    if (record.type === 'position.adopted') this.adoptions += 1;
    this.#object(this.evidence.objection(record, (clientId) => this.#sent.has(clientId)));
    for (const watcher of this.#watchers) this.#object(watcher.recorded?.(record, moment) ?? null);
    this.#book.follow(record);
  }

  /** Something leaves that is no record. */
  left(effect: Exclude<Effect, { readonly kind: 'record' | 'reply' }>, moment: Moment): void {
    this.#call(moment.wallMs);
    if (effect.kind === 'requestSnapshot') this.evidence.asked(effect.requestId);
    if (effect.kind === 'submit') this.#submit(effect.order, moment);
    for (const watcher of this.#watchers) this.#object(watcher.left?.(effect, moment) ?? null);
  }

  /** Handed to the venue. */
  sent(clientId: string, isOnDisk: boolean): void {
    if (!isOnDisk) this.violations.push(`${clientId} was sent before the disk had it`);
  }

  /** Between events: a desk that may trade has not lost what it may lose. */
  look(moment: Moment): void {
    for (const watcher of this.#watchers) this.#object(watcher.looked?.(moment) ?? null);
  }

  /** Nothing can be recorded any more. */
  lookAtBrokenDisk(): void {
    if (this.#book.mode === 'ACTIVE') this.violations.push('ACTIVE on a disk that takes nothing');
  }

  lookAtEquity({ equity }: EngineView): void {
    const { mode, dayStartEquity } = this.#book;
    const floor = dayStartEquity * (1 - this.#config.risk.dailyLossLimitPct / 100);
    if (mode !== 'ACTIVE' || equity > floor - 1) return;
    this.violations.push(`ACTIVE with an equity of ${equity}, the day began with ${dayStartEquity}`);
  }

  #object(objection: string | null): void {
    if (objection !== null) this.violations.push(objection);
  }

  /** Something was asked of the venue. No fault is a reason to flood it. */
  #call(wallMs: number): void {
    const second = Math.floor(wallMs / 1000);
    this.#calls = second === this.#second ? this.#calls + 1 : 1;
    this.#second = second;
    if (this.#calls !== CALLS_PER_SECOND_MAX) return;
    this.violations.push(`${CALLS_PER_SECOND_MAX} calls to the venue within a second`);
  }

  #submit(order: OrderIntent, { view }: Moment): void {
    this.submits += 1;
    this.#sent.add(order.clientId);
    const { mode, closing } = this.#book;
    const allowed =
      order.purpose === 'protective' ||
      (order.purpose === 'close' && closing) ||
      mode === 'ACTIVE' ||
      (mode === 'REDUCING' && order.purpose === 'exit');
    if (!allowed) this.violations.push(`${order.purpose} order ${order.clientId} left in mode ${mode}`);
    if (order.purpose === 'entry') this.#checkEntry(order, view());
  }

  #checkArming({ haltId, authority, marketMs }: Extract<EngineRecord, { readonly type: 'armed' }>): void {
    const { halts, closing, newestHalt } = this.#book;
    const wrong = wronglyLifted(halts, authority, marketMs, this.#config.dayStartMs);
    if (wrong !== null) this.violations.push(`${authority} lifted a halt that needs ${wrong.resume}`);
    this.armings += 1;
    if (closing) this.violations.push('armed while positions are being closed');
    if (haltId !== newestHalt) this.violations.push(`armed with ${haltId}, newest is ${newestHalt}`);
    if (this.#armedWith.has(haltId)) this.violations.push(`armed twice with ${haltId}`);
    this.#armedWith.add(haltId);
  }

  #checkEntry(order: OrderIntent, view: EngineView): void {
    const { risk } = this.#config;
    const open = new Set(this.#book.entries.map(({ intent }) => intent.instrument));
    this.#book.lots.forEach((held, instrument) => {
      if (this.#isSellable(instrument, held, view)) open.add(instrument);
    });
    if (open.size > risk.maxConcurrentPositions) {
      this.violations.push(`entry ${order.clientId} makes ${open.size} open positions`);
    }
    if (order.protectTicks === null) this.violations.push(`entry ${order.clientId} has no stop`);
  }

  /** What is worth less than the smallest order is held, but is no open position. */
  #isSellable(instrument: number, held: number, view: EngineView): boolean {
    const { moneyPerTickLot, minNotional } = this.scenario.instruments[instrument]!;
    const bidTicks = view.quotes.find((quote) => quote.instrument === instrument)?.bidTicks;
    if (bidTicks === undefined) return held !== 0;
    return held !== 0 && Math.abs(held) * bidTicks * moneyPerTickLot >= minNotional;
  }
}
