/** One run from one number: a desk trades at a faulty venue, crashes, freezes, is commanded, and has to come out right. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMoney } from '../../src/domain/money.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { setBackHalt } from '../../src/trader/journal/begin-anew.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { FaultyVenue } from './faulty-venue.js';
import { checkInvariants } from './invariants.js';
import { Operator } from './operator.js';
import { Oracle } from './oracle.js';
import { Random } from './random.js';
import { drawScenario, NO_FAULTS, type Scenario, START_WALL_MS } from './scenario.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedPrices } from './simulated-prices.js';
import { Stranger } from './stranger.js';
import { TraderUnderTest } from './trader-under-test.js';
import { tripBreaker } from './trip-breaker.js';
import { VirtualTime } from './virtual-time.js';

export interface SimulationResult {
  readonly seed: number;
  /** Empty: everything held. */
  readonly violations: readonly string[];
  readonly fills: number;
  readonly submits: number;
  readonly crashes: number;
  readonly armings: number;
  readonly adoptions: number;
  /** Equal for two runs of the same seed. */
  readonly stateHash: string;
}

const STARTING_CASH = parseMoney('10000');
const ARM_EVERY_MS = 2_500;
/** Once the faults have ended, everything resolves within this. */
const QUIET_MS = 60_000;
/** What is asked for at the end has this long to be proven; in the second half prices stand still. */
const PROVEN_WITHIN_MS = 30_000;

/** The slowest sync is shorter: what was recorded before the end is on disk after this. */
const DISK_MS_MAX = 2_000;

export async function runSeed(seed: number): Promise<SimulationResult> {
  const directory = mkdtempSync(join(tmpdir(), 'fermata-simulation-'));
  try {
    return await new Run(seed, directory).toEnd();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class Run {
  readonly #time = new VirtualTime(START_WALL_MS);
  readonly #random: Random;
  readonly #scenario: Scenario;
  readonly #venue: FaultyVenue;
  readonly #oracle: Oracle;
  #disk: SimulatedDisk;
  readonly #operator: Operator;
  readonly #prices: SimulatedPrices;
  readonly #stranger: Stranger;
  #incarnation: string;
  #trader: TraderUnderTest;
  #crashes = 0;
  #restores = 0;
  #backup: readonly EngineRecord[] | null = null;
  #faultsEnded = false;
  #ending = false;

  constructor(
    private readonly seed: number,
    private directory: string,
  ) {
    this.#random = new Random(seed);
    this.#scenario = drawScenario(seed, this.#random);
    this.#incarnation = this.#random.hex(6);
    this.#operator = new Operator(this.#random, `config-${seed}`);
    this.#prices = new SimulatedPrices(this.#scenario.instruments, this.#random, this.#time);
    this.#venue = new FaultyVenue(this.#scenario, this.#time, this.#random, STARTING_CASH);
    this.#stranger = new Stranger(this.#time, this.#random, this.#venue, this.#prices);
    this.#oracle = new Oracle(this.#scenario);
    this.#disk = new SimulatedDisk(directory, this.#incarnation, this.#time, this.#random);
    this.#trader = this.#startTrader();
  }

  async toEnd(): Promise<SimulationResult> {
    const { faultyMs, endsFlat } = this.#scenario;
    this.#schedule();
    await this.#time.runUntil(START_WALL_MS + faultyMs);
    this.#faultsEnded = true;
    this.#venue.faults = NO_FAULTS;
    this.#venue.open();
    await this.#time.runUntil(this.#time.nowMs + QUIET_MS);
    this.#ending = true;
    this.#trader.command({ name: endsFlat ? 'closeAll' : 'stop' });
    await this.#time.runUntil(this.#time.nowMs + PROVEN_WITHIN_MS / 2);
    this.#prices.stand = true;
    await this.#time.runUntil(this.#time.nowMs + PROVEN_WITHIN_MS / 2);
    this.#trader.die();
    await this.#time.runUntil(this.#time.nowMs + DISK_MS_MAX);
    return this.#result();
  }

  #schedule(): void {
    const { instruments, quoteEveryMs, barEveryMs } = this.#scenario;
    for (const { id } of instruments) this.#time.every(quoteEveryMs, () => this.#quote(id));
    for (const { id } of instruments) this.#time.every(barEveryMs, () => this.#bar(id));
    this.#time.every(ARM_EVERY_MS, () => {
      if (!this.#ending) this.#operator.tryToArm(this.#trader);
    });
    const { crashEveryMs, freezeEveryMs, disconnectEveryMs, commandEveryMs, diskFaultEveryMs } =
      this.#scenario;
    this.#nowAndThen(crashEveryMs, () => this.#crash());
    this.#nowAndThen(this.#scenario.maintenanceEveryMs, () =>
      this.#venue.maintenance(this.#random.whole(1_000, 45_000)),
    );
    this.#nowAndThen(this.#scenario.strangerEveryMs, () =>
      this.#stranger.trade(this.#scenario.instruments.length),
    );
    this.#nowAndThen(freezeEveryMs, () => this.#trader.freeze(this.#random.whole(500, 20_000)));
    this.#nowAndThen(disconnectEveryMs, () => this.#venue.disconnect(this.#random.whole(200, 15_000)));
    this.#nowAndThen(commandEveryMs, () => this.#operator.commandAnything(this.#trader));
    this.#nowAndThen(diskFaultEveryMs, () => this.#breakDisk());
    this.#nowAndThen(this.#scenario.breakerEveryMs, () =>
      tripBreaker(this.#time, this.#random, (message) => this.#trader.post(message)),
    );
    this.#nowAndThen(this.#scenario.stormEveryMs, () => this.#storm());
    this.#nowAndThen(this.#scenario.restoreEveryMs, () => this.#backUpOrRestore());
  }

  #startTrader(copied: readonly EngineRecord[] = []): TraderUnderTest {
    const parts = {
      scenario: this.#scenario,
      time: this.#time,
      venue: this.#venue,
      oracle: this.#oracle,
      incarnation: this.#incarnation,
      drawHaltId: () => this.#random.hex(32),
      marketNowMs: () => this.#prices.marketNowMs,
      isOnDisk: (clientId: string) => this.#disk.holds(clientId),
    };
    const { journal, records } = this.#disk.recover();
    for (const record of copied) journal.append(record, this.#time.nowMs);
    return new TraderUnderTest(parts, { journal, records: [...records, ...copied] });
  }

  /** kill -9 at any byte of the journal, and a start a while later. */
  #crash(): void {
    if (!this.#trader.running) return;
    this.#crashes += 1;
    this.#trader.die();
    this.#disk.crash();
    this.#time.after(this.#random.whole(100, 5_000), () => {
      this.#trader = this.#startTrader();
    });
  }

  #backUpOrRestore(): void {
    if (!this.#trader.running || this.#disk.failure !== 'none') return;
    const backup = this.#backup;
    this.#backup = null;
    if (backup !== null) {
      this.#restore(backup);
      return;
    }
    const records = this.#disk.durableRecords();
    if (records.length > 0) this.#backup = records;
  }

  /** The journal is put back to the past; as the trader does it, it goes on under a new incarnation. */
  #restore(backup: readonly EngineRecord[]): void {
    this.#trader.die();
    this.#restores += 1;
    this.directory = join(this.directory, `restored-${this.#restores}`);
    mkdirSync(this.directory);
    this.#incarnation = this.#random.hex(6);
    this.#disk = new SimulatedDisk(this.directory, this.#incarnation, this.#time, this.#random);
    const records = [...backup, this.#setBack()];
    this.#time.after(this.#random.whole(100, 5_000), () => {
      this.#trader = this.#startTrader(records);
    });
  }

  #setBack(): EngineRecord {
    const [wallMs, marketMs] = [this.#time.nowMs, this.#prices.marketNowMs];
    return setBackHalt({ haltId: this.#random.hex(32), missing: 1, lastSequence: 1, wallMs, marketMs });
  }

  #storm(): void {
    this.#venue.maintenance(this.#random.whole(25_000, 45_000));
    this.#trader.command({ name: 'closeAll' });
    this.#time.after(this.#random.whole(1, 2_000), () => this.#crash());
  }

  /** No journal, no orders: somebody repairs the disk and starts the trader again. */
  #breakDisk(): void {
    this.#disk.failure = this.#random.pick(['write', 'torn write', 'sync'] as const);
    this.#time.after(this.#random.whole(1_000, 8_000), () => this.#crash());
  }

  #quote(instrument: number): void {
    const bidTicks = this.#prices.step(instrument);
    this.#venue.book.price(instrument, bidTicks, this.#prices.marketNowMs);
    const askTicks = this.#venue.book.askTicks(instrument);
    this.#trader.post({ kind: 'quote', instrument, bidTicks, askTicks });
  }

  #bar(instrument: number): void {
    const bar = this.#prices.bar(instrument, this.#scenario.barEveryMs);
    this.#trader.post({ kind: 'bar', instrument, ...bar, warmup: false });
  }

  /** Only while there are faults. */
  #nowAndThen(meanMs: number, run: () => void): void {
    if (meanMs === 0) return;
    this.#time.after(this.#random.whole(1, meanMs * 2), () => {
      if (this.#faultsEnded) return;
      run();
      this.#nowAndThen(meanMs, run);
    });
  }

  #result(): SimulationResult {
    const { engine } = this.#trader;
    this.#disk.crash();
    const records = [...readJournal(this.directory)].map(({ record }) => record);
    const violations = checkInvariants({
      scenario: this.#scenario,
      engine,
      venue: this.#venue,
      oracle: this.#oracle,
      incarnation: this.#incarnation,
      records,
    });
    return {
      seed: this.seed,
      violations,
      fills: this.#venue.book.fills.length,
      submits: this.#oracle.submits,
      crashes: this.#crashes,
      armings: this.#oracle.armings,
      adoptions: this.#oracle.adoptions,
      stateHash: engine.stateHash(),
    };
  }
}
