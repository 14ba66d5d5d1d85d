/** One trader process: the engine, the journal and the host of the product, on a machine and at a venue of the test's. */
import type { Effect } from '../../src/engine/effect.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import type { Command, EngineEvent, Stamp } from '../../src/engine/event.js';
import type { EngineRecord } from '../../src/engine/record.js';
import type { EngineView } from '../../src/engine/view.js';
import type { Journal } from '../../src/trader/journal/journal.js';
import { type EngineCore, Runner } from '../../src/trader/running/runner.js';
import { type Unstamped, VenueCalls } from '../../src/trader/running/venue-calls.js';
import type { FaultyNetwork } from './faulty-network.js';
import type { Oracle } from './oracle.js';
import { configHashOf, engineConfig, type Scenario } from './scenario.js';
import type { SimulatedDisk } from './simulated-disk.js';
import { SimulatedProcess } from './simulated-process.js';
import type { VirtualTime } from './virtual-time.js';
import type { Moment } from './watcher.js';

/** Looked at between events. */
const LOOK_EVERY_MS = 1_000;
/** Reading the whole view is the costliest thing here. */
const EQUITY_EVERY_LOOKS = 5;

export type EngineMaker = (
  scenario: Scenario,
  incarnation: string,
  drawHaltId: () => string,
  edition?: number,
) => Engine;

export const engineOf: EngineMaker = (...of) => createEngine(engineConfig(...of));

export interface TraderParts {
  readonly engineOf: EngineMaker;
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly network: FaultyNetwork;
  readonly oracle: Oracle;
  readonly disk: SimulatedDisk;
  readonly incarnation: string;
  /** How often the desk file was changed before this start. */
  readonly edition: number;
  readonly drawHaltId: () => string;
  readonly marketNowMs: () => number;
  /** By how much the wall clock of the machine was set. */
  readonly setWallByMs: () => number;
}

export class TraderUnderTest {
  readonly engine: Engine;
  readonly #journal: Journal;
  readonly #process: SimulatedProcess;
  readonly #host: Runner;
  readonly #heard = new Set<number>();
  /** Read since the engine was last given something. */
  #view: EngineView | null = null;
  readonly #now: Moment;
  readonly #lastCopied: number;
  #looks = 0;
  #commands = 0;

  /** `copied`: records that were put in front of the journal's own, as a restored backup is. */
  constructor(
    private readonly parts: TraderParts,
    copied: readonly EngineRecord[],
  ) {
    const { scenario, incarnation, drawHaltId, network, oracle, disk, time } = parts;
    const process = new SimulatedProcess(time, parts.setWallByMs, () => oracle.thawed(time.nowMs));
    this.#process = process;
    const engine = parts.engineOf(scenario, incarnation, drawHaltId, parts.edition);
    this.engine = engine;
    this.#now = {
      get wallMs() {
        return time.nowMs;
      },
      view: () => this.view,
    };
    const { journal, records: own } = disk.recover(process);
    for (const record of copied) journal.append(record, process.wallMs());
    this.#lastCopied = copied.length === 0 ? 0 : journal.lastSequence;
    const records = [...own, ...copied];
    this.#journal = journal;
    for (const record of records) this.engine.apply(record);
    oracle.restart(records, time.nowMs, this.fileConfigHash);
    this.#host = new Runner({
      engine: this.#watched(),
      journal,
      link: new VenueCalls(network.portFor(process), process),
      clock: process,
      timers: process,
      pace: 'running',
      marketNowMs: parts.marketNowMs,
      onRecord: () => undefined,
      onBroken: (error) => {
        throw error;
      },
    });
    this.#host.begin();
    this.#lookLater();
  }

  /** As `engine.view`: it only changes with what the engine is given. */
  get view(): EngineView {
    this.#view ??= this.engine.view;
    return this.#view;
  }

  /** Nothing more happens; what was recorded still reaches the disk. */
  end(): void {
    this.#host.stop();
  }

  /** The process is gone; what it had not written is lost. */
  die(): void {
    this.#host.stop();
    this.#process.kill();
  }

  /** It is there, and not frozen. */
  get running(): boolean {
    return this.#process.running;
  }

  /** What was put back is on disk. The product begins no sooner: until then no disk fails and nobody kills it. */
  get isPutBack(): boolean {
    return this.#journal.durableSequence >= this.#lastCopied;
  }

  get incarnation(): string {
    return this.parts.incarnation;
  }

  get fileConfigHash(): string {
    return configHashOf(this.parts.scenario, this.parts.edition);
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  /** SIGSTOP: nothing is processed until it ends. */
  freeze(durationMs: number): void {
    this.#process.freeze(durationMs);
  }

  /** A quote of it reached this process. */
  hasHeard(instrument: number): boolean {
    return this.#heard.has(instrument);
  }

  /** From the feed, or from those who watch the trader's neighbours. */
  post(event: Unstamped): void {
    this.#process.deliver(() => this.#host.post(event));
  }

  command(command: Command, by = 'operator', reason = 'simulated'): void {
    if (!this.#process.running) return;
    this.#commands += 1;
    this.parts.oracle.commanded(command);
    void this.#host.command({ commandId: `c${this.#commands}`, by, reason, command });
  }

  /** The engine as the host has it, with the oracle beside it. */
  #watched(): EngineCore {
    return {
      begin: (stamp: Stamp) => {
        this.#view = null;
        const begun = this.engine.begin(stamp);
        if (begun.ok) this.#see(begun.effects);
        return begun;
      },
      process: (event: EngineEvent) => {
        if (event.kind === 'quote') this.#heard.add(event.instrument);
        this.parts.oracle.heard(event, this.parts.time.nowMs);
        this.#view = null;
        const effects = this.engine.process(event);
        this.#see(effects);
        return effects;
      },
      nextWakeMs: () => this.engine.nextWakeMs(),
    };
  }

  #see(effects: readonly Effect[]): void {
    const { oracle } = this.parts;
    for (const effect of effects) {
      if (effect.kind === 'record') oracle.record(effect.record, this.#now);
      else if (effect.kind !== 'reply') oracle.left(effect, this.#now);
    }
  }

  #lookLater(): void {
    this.parts.time.after(LOOK_EVERY_MS, () => {
      if (!this.#process.alive) return;
      if (this.#process.running) this.#look();
      this.#lookLater();
    });
  }

  #look(): void {
    const { oracle } = this.parts;
    this.#looks += 1;
    oracle.look(this.#now);
    if (this.#journal.fault !== null) oracle.lookAtBrokenDisk();
    if (this.#looks % EQUITY_EVERY_LOOKS === 0) oracle.lookClosely(this.#now);
  }
}
