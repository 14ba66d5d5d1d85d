/** Watches everything that leaves the engine, with a small book of its own, and collects what must never happen. */
import type { Halt } from '../../src/domain/mode.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { FINAL_ORDER_STATES } from '../../src/domain/order.js';
import type { EngineConfig } from '../../src/engine/config.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { EngineView } from '../../src/engine/view.js';
import { wronglyLifted } from './authority.js';
import { Evidence } from './evidence.js';
import { engineConfig, type Scenario } from './scenario.js';

const RANK = { ACTIVE: 0, REDUCING: 1, HALTED: 2, KILLED: 3 } as const;

const CALLS_PER_SECOND_MAX = 60;

export class Oracle {
  readonly violations: string[] = [];
  adoptions = 0;
  armings = 0;
  submits = 0;
  readonly evidence = new Evidence();
  /** Every halt id that was ever used to arm. */
  readonly #sent = new Set<string>();
  readonly #armedWith = new Set<string>();
  #newestHalt: string | null = null;
  #mode: keyof typeof RANK = 'ACTIVE';
  #closing = false;
  #halts: Halt[] = [];
  #dayStartEquity = 0;
  readonly #config: EngineConfig;
  #lots: number[] = [];
  #entries = new Map<string, OrderIntent>();
  #second = 0;
  #calls = 0;

  constructor(private readonly scenario: Scenario) {
    this.#lots = scenario.instruments.map(() => 0);
    this.#config = engineConfig(scenario, 'oracle', () => '');
  }

  /** A new process knows only what the disk kept. */
  restart(records: readonly EngineRecord[]): void {
    this.evidence.restart();
    this.#newestHalt = null;
    this.#halts = [];
    this.#mode = 'ACTIVE';
    this.#closing = false;
    this.#lots = this.scenario.instruments.map(() => 0);
    this.#entries = new Map();
    for (const record of records) this.#follow(record);
  }

  record(record: EngineRecord): void {
    if (record.type === 'armed') this.#checkArming(record);
    if (record.type === 'command' && record.name === 'kill' && this.#mode !== 'KILLED') {
      this.violations.push(`after a kill the desk is ${this.#mode}`);
    }
    if (record.type === 'position.adopted') this.adoptions += 1;
    const objection = this.evidence.objection(record, (clientId) => this.#sent.has(clientId));
    if (objection !== null) this.violations.push(objection);
    this.#follow(record);
  }

  /** Something was asked of the venue. No fault is a reason to flood it. */
  call(wallMs: number): void {
    const second = Math.floor(wallMs / 1000);
    this.#calls = second === this.#second ? this.#calls + 1 : 1;
    this.#second = second;
    if (this.#calls !== CALLS_PER_SECOND_MAX) return;
    this.violations.push(`${CALLS_PER_SECOND_MAX} calls to the venue within a second`);
  }

  submit(order: OrderIntent, view: EngineView): void {
    this.submits += 1;
    this.#sent.add(order.clientId);
    const allowed =
      order.purpose === 'protective' ||
      (order.purpose === 'close' && this.#closing) ||
      this.#mode === 'ACTIVE' ||
      (this.#mode === 'REDUCING' && order.purpose === 'exit');
    if (!allowed) this.violations.push(`${order.purpose} order ${order.clientId} left in mode ${this.#mode}`);
    if (order.purpose === 'entry') this.#checkLimits(order, view);
  }

  /** Between events: a desk that may trade has not lost what it may lose. */
  look(view: EngineView): void {
    const floor = this.#dayStartEquity * (1 - this.#config.risk.dailyLossLimitPct / 100);
    if (this.#mode !== 'ACTIVE' || view.equity > floor - 1) return;
    this.violations.push(
      `ACTIVE with an equity of ${view.equity}, the day began with ${this.#dayStartEquity}`,
    );
  }

  #checkArming({ haltId, authority, marketMs }: Extract<EngineRecord, { readonly type: 'armed' }>): void {
    const wrong = wronglyLifted(this.#halts, authority, marketMs, this.#config.dayStartMs);
    if (wrong !== null) this.violations.push(`${authority} lifted a halt that needs ${wrong.resume}`);
    this.armings += 1;
    if (this.#closing) this.violations.push('armed while positions are being closed');
    if (haltId !== this.#newestHalt)
      this.violations.push(`armed with ${haltId}, newest is ${this.#newestHalt}`);
    if (this.#armedWith.has(haltId)) this.violations.push(`armed twice with ${haltId}`);
    this.#armedWith.add(haltId);
  }

  #checkLimits(order: OrderIntent, view: EngineView): void {
    const { risk } = this.#config;
    const at = order.instrument;
    const { moneyPerTickLot } = this.scenario.instruments[at]!;
    const resting = [...this.#entries.values()].filter((entry) => entry.instrument === at);
    const lots = resting.reduce((sum, entry) => sum + entry.quantityLots, Math.abs(this.#lots[at] ?? 0));
    const value = lots * (order.limitTicks ?? 0) * moneyPerTickLot;
    if (resting.length === 1 && value > (view.equity * risk.maxPositionSizePct) / 100 + 1) {
      this.violations.push(`entry ${order.clientId} makes a position of ${value}, equity is ${view.equity}`);
    }
    const open = new Set([...this.#entries.values()].map(({ instrument }) => instrument));
    this.#lots.forEach((held, instrument) => {
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

  #follow(record: EngineRecord): void {
    switch (record.type) {
      case 'halt':
        this.#newestHalt = record.halt.haltId;
        this.#halts.push(record.halt);
        if (RANK[record.halt.mode] > RANK[this.#mode]) this.#mode = record.halt.mode;
        return;
      case 'armed':
        this.#newestHalt = null;
        this.#halts = [];
        this.#mode = 'ACTIVE';
        this.#closing = false;
        return;
      case 'day':
        this.#dayStartEquity = record.startEquity;
        return;
      case 'closeAll.begun':
        this.#closing = true;
        return;
      case 'flat.proven':
        this.#closing = false;
        return;
      case 'order.intended':
        if (record.order.purpose === 'entry') this.#entries.set(record.order.clientId, record.order);
        return;
      case 'order.state':
        if (FINAL_ORDER_STATES.has(record.state)) this.#entries.delete(record.clientId);
        return;
      case 'fill':
        this.#fill(record);
        return;
      case 'position.adopted':
        this.#lots[record.instrument] = record.quantityLots;
        return;
      default:
        return;
    }
  }

  #fill({ fill }: Extract<EngineRecord, { readonly type: 'fill' }>): void {
    const signed = fill.side === 'buy' ? fill.quantityLots : -fill.quantityLots;
    this.#lots[fill.instrument] = (this.#lots[fill.instrument] ?? 0) + signed;
    const entry = this.#entries.get(fill.clientId);
    if (entry === undefined) return;
    const left = entry.quantityLots - fill.quantityLots;
    if (left <= 0) this.#entries.delete(fill.clientId);
    else this.#entries.set(fill.clientId, { ...entry, quantityLots: left });
  }
}
