/** One run from one number: a desk trades at a faulty venue, crashes, freezes, is commanded, and has to come out right. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineRecord } from '../../src/engine/record.js';
import { setBackHalt } from '../../src/trader/journal/begin-anew.js';
import { readJournal } from '../../src/trader/journal/read-journal.js';
import { openPaperVenue, type PaperVenue } from '../../src/venue/paper/paper-venue.js';
import { Bank } from './bank.js';
import { FaultyNetwork } from './faulty-network.js';
import { Injected } from './injected.js';
import { checkInvariants, type VenueTruth } from './invariants.js';
import { CalendarOfNow, marketCalendar } from './market-hours.js';
import { Operator } from './operator.js';
import { Oracle } from './oracle.js';
import { Conversions, feeAssetsOf, pastOf, wrongQuote } from './outside.js';
import { Random } from './random.js';
import { Rates } from './rates.js';
import { Referee } from './referee.js';
import { drawScenario, NO_FAULTS, paperOf, type Scenario, START_WALL_MS } from './scenario.js';
import { SignalSender } from './signals.js';
import { SimulatedDisk } from './simulated-disk.js';
import { SimulatedPrices, SPEED } from './simulated-prices.js';
import { Stranger } from './stranger.js';
import { type EngineMaker, engineOf, TraderUnderTest } from './trader-under-test.js';
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
  /** Faults, by name and number. */
  readonly injected: ReadonlyMap<string, number>;
  /** What the core came to, by name and number. */
  readonly reached: ReadonlyMap<string, number>;
  /** Equal for two runs of the same seed. */
  readonly stateHash: string;
}

const ARM_EVERY_MS = 2_500;
/** A stream of numbers of its own. */
const AIMED = 1_000_000_007;
const SIGNAL_EVERY_MS = 700;
/** Once the faults have ended, everything resolves within this. */
const QUIET_MS = 60_000;
/** Longer than a quote has to stand to be believed. */
const CONTRADICTED_MS = 3_000;
/** Before a close. */
const LAST_WORD_MS = 60;
/** What is asked for at the end has this long to be proven; in the second half prices stand still. */
const PROVEN_WITHIN_MS = 30_000;

/** The last difference is read, confirmed, explained and read again. */
const EXPLAINED_WITHIN_MS = 30_000;
/** The slowest sync is shorter: what was recorded before the end is on disk after this. */
const DISK_MS_MAX = 2_000;

export interface RunOptions {
  /** Left out: that of these sources. */
  readonly engineOf?: EngineMaker;
  /** Is given the folder of the run's last journal before it goes. */
  readonly keep?: (journal: string) => void;
}

export async function runSeed(seed: number, options: RunOptions = {}): Promise<SimulationResult> {
  const directory = mkdtempSync(join(tmpdir(), 'fermata-simulation-'));
  try {
    const run = new Run(seed, directory, options.engineOf ?? engineOf);
    const result = await run.toEnd();
    options.keep?.(run.directory);
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

class Run {
  readonly #time = new VirtualTime(START_WALL_MS);
  readonly #random: Random;
  /** Of the faults that wait for what they are aimed at: what else the seed draws stays what it was. */
  readonly #aim: Random;
  readonly #scenario: Scenario;
  readonly #venue: PaperVenue;
  readonly #referee: Referee;
  readonly #network: FaultyNetwork;
  readonly #injected = new Injected();
  readonly #sent = new Map<string, number>();
  readonly #oracle: Oracle;
  #disk: SimulatedDisk;
  readonly #operator: Operator;
  readonly #prices: SimulatedPrices;
  readonly #rates: Rates;
  readonly #stranger: Stranger;
  readonly #signals: SignalSender;
  #incarnation: string;
  #trader: TraderUnderTest;
  #crashes = 0;
  #restores = 0;
  #edition = 0;
  #setWallByMs = 0;
  readonly #bank: Bank;
  readonly #conversions: Conversions;
  /** When the last quote came that was no price. */
  #wrongAtMs = Number.NEGATIVE_INFINITY;
  #twoWrongAtMs = Number.NEGATIVE_INFINITY;
  readonly #sessions = marketCalendar();
  readonly #silentUntilMs = new Map<number, number>();
  #backup: readonly EngineRecord[] | null = null;
  directory: string;
  #faultsEnded = false;
  #ending = false;

  constructor(
    private readonly seed: number,
    directory: string,
    private readonly engineOf: EngineMaker,
  ) {
    this.directory = directory;
    this.#random = new Random(seed);
    this.#aim = new Random(seed + AIMED);
    this.#scenario = drawScenario(seed, this.#random);
    this.#incarnation = this.#random.hex(6);
    const symbols = this.#scenario.instruments.map(({ symbol }) => symbol);
    this.#operator = new Operator(this.#random, this.#scenario.live, symbols);
    this.#bank = new Bank(this.#random);
    this.#prices = new SimulatedPrices(
      this.#scenario.instruments,
      this.#random,
      this.#time,
      this.#scenario.hours,
    );
    this.#rates = new Rates(this.#scenario.instruments);
    this.#venue = this.#openVenue();
    this.#referee = new Referee(this.#venue, this.#scenario, this.#prices, this.#rates);
    this.#conversions = new Conversions(this.#random, this.#venue, this.#scenario.traded);
    this.#network = new FaultyNetwork(
      this.#venue,
      this.#scenario,
      this.#time,
      this.#random,
      this.#injected,
      (clientId) => this.#onSent(clientId),
      this.#bank,
      this.#conversions.hidden,
    );
    this.#stranger = new Stranger(this.#time, this.#random, this.#venue, this.#prices, this.#rates);
    this.#signals = new SignalSender(seed, this.#scenario.instruments.slice(0, this.#scenario.traded));
    this.#oracle = new Oracle(this.#scenario, this.#bank);
    this.#disk = new SimulatedDisk(directory, this.#incarnation, this.#time, this.#random);
    this.#trader = this.#startTrader();
  }

  async toEnd(): Promise<SimulationResult> {
    const { faultyMs, endsFlat } = this.#scenario;
    this.#schedule();
    await this.#time.runUntil(START_WALL_MS + faultyMs);
    this.#faultsEnded = true;
    this.#network.faults = NO_FAULTS;
    this.#network.open();
    await this.#time.runUntil(this.#time.nowMs + QUIET_MS / 4);
    this.#trader.command({ name: 'reconcile' });
    await this.#time.runUntil(this.#time.nowMs + QUIET_MS);
    this.#ending = true;
    this.#trader.command({ name: endsFlat ? 'closeAll' : 'stop' });
    await this.#time.runUntil(this.#time.nowMs + PROVEN_WITHIN_MS / 2);
    this.#prices.stand = true;
    await this.#time.runUntil(this.#time.nowMs + PROVEN_WITHIN_MS / 2);
    // A stop may have filled since the last reading, and what it leaves in cash is for a person to explain.
    this.#trader.command({ name: 'reconcile' });
    await this.#time.runUntil(this.#time.nowMs + EXPLAINED_WITHIN_MS);
    this.#trader.end();
    await this.#time.runUntil(this.#time.nowMs + DISK_MS_MAX);
    this.#trader.die();
    return await this.#result();
  }

  /** The paper venue of the product; only its orders' way to the book and its ids are ours. */
  #openVenue(): PaperVenue {
    const { instruments, thinBooks, hours } = this.#scenario;
    const calendar = new CalendarOfNow(() => this.#prices.marketNowMs);
    return openPaperVenue({
      ...(hours ? { calendars: instruments.map(() => calendar) } : {}),
      directory: null,
      prices: 'simulated',
      instruments,
      paper: paperOf(this.#scenario),
      nowMs: () => this.#time.nowMs,
      limitToQuoteSize: thinBooks,
      past: pastOf(this.#scenario, this.#random),
      schedule: (delayMs, work) => {
        let wanted = true;
        this.#time.after(delayMs, () => wanted && work());
        return () => {
          wanted = false;
        };
      },
    });
  }

  #onSent(clientId: string): void {
    this.#sent.set(clientId, (this.#sent.get(clientId) ?? 0) + 1);
    this.#oracle.sent(clientId, this.#disk.holds(clientId));
  }

  #schedule(): void {
    const { instruments, quoteEveryMs, barEveryMs } = this.#scenario;
    for (const { id } of instruments) this.#time.every(quoteEveryMs, () => this.#quote(id));
    for (const { id } of instruments) this.#time.every(barEveryMs, () => this.#bar(id));
    this.#time.every(ARM_EVERY_MS, () => {
      if (this.#ending) this.#operator.explain(this.#trader);
      else this.#operator.tryToArm(this.#trader);
    });
    const { crashEveryMs, freezeEveryMs, disconnectEveryMs, commandEveryMs, diskFaultEveryMs } =
      this.#scenario;
    this.#nowAndThen(crashEveryMs, () => this.#crash());
    this.#nowAndThen(this.#scenario.maintenanceEveryMs, () =>
      this.#network.maintenance(this.#random.whole(1_000, 45_000)),
    );
    this.#nowAndThen(this.#scenario.strangerEveryMs, () => {
      this.#injected.count('foreign trade');
      this.#stranger.trade(this.#scenario.traded);
    });
    if (this.#scenario.refusedEveryMs > 0)
      this.#time.every(this.#scenario.refusedEveryMs, () => void this.#stranger.askTooMuch(this.#scenario));
    this.#nowAndThen(freezeEveryMs, () => {
      this.#injected.count('process stands still');
      this.#trader.freeze(this.#random.whole(500, 20_000));
    });
    this.#nowAndThen(disconnectEveryMs, () =>
      this.#network.disconnect(this.#random.whole(200, this.#scenario.disconnectMsMax)),
    );
    this.#nowAndThen(commandEveryMs, () => this.#operator.commandAnything(this.#trader));
    this.#nowAndThen(diskFaultEveryMs, () => this.#breakDisk());
    this.#nowAndThen(this.#scenario.breakerEveryMs, () => this.#network.tripBreaker());
    this.#nowAndThen(this.#scenario.clockSetEveryMs, () => this.#setClock());
    this.#nowAndThen(this.#scenario.silenceEveryMs, () => this.#silence());
    this.#nowAndThen(this.#scenario.sleepEveryMs, () => this.#sleep());
    this.#nowAndThen(this.#scenario.noStopsEveryMs, () => this.#takeNoStops());
    this.#nowAndThen(this.#scenario.heartbeatEveryMs, () => this.#loseHeartbeat());
    this.#nowAndThen(this.#scenario.stormEveryMs, () => this.#storm());
    this.#nowAndThen(this.#scenario.bankEveryMs, () =>
      this.#injected.count(this.#bank.move(this.#prices.marketNowMs)),
    );
    this.#nowAndThen(this.#scenario.conversionEveryMs, () => {
      this.#injected.count('conversion');
      this.#conversions.convert();
    });
    this.#nowAndThen(this.#scenario.wrongQuoteEveryMs, () => this.#quoteWrongly());
    this.#nowAndThen(this.#scenario.heldSilenceEveryMs, () => this.#silenceHeld(), this.#aim);
    this.#nowAndThen(this.#scenario.feeSilenceEveryMs, () => this.#silenceFees(), this.#aim);
    this.#nowAndThen(this.#scenario.rateSilenceEveryMs, () => this.#silenceRate(), this.#aim);
    this.#nowAndThen(this.#scenario.diskStallEveryMs, () => this.#stallDisk(), this.#aim);
    this.#nowAndThen(this.#scenario.smallestEveryMs, () => this.#enterTooLittle(), this.#aim);
    if (this.#scenario.signals) this.#time.every(SIGNAL_EVERY_MS, () => this.#signal());
    this.#nowAndThen(this.#scenario.restoreEveryMs, () => this.#backUpOrRestore());
    if (this.#scenario.hours) this.#beforeEachClose();
  }

  #beforeEachClose(): void {
    const { marketNowMs } = this.#prices;
    const { open, untilMs } = this.#sessions.phaseAt(marketNowMs);
    const leftMs = (untilMs - marketNowMs) / SPEED;
    if (open && leftMs > LAST_WORD_MS) this.#time.after(leftMs - LAST_WORD_MS, () => this.#closeWrongly());
    this.#time.after(leftMs + LAST_WORD_MS, () => !this.#faultsEnded && this.#beforeEachClose());
  }

  /** The last that the market says before its close is no price: nobody contradicts it until it opens again. */
  #closeWrongly(): void {
    const { instruments } = this.#scenario;
    const nowMs = this.#time.nowMs;
    if (this.#faultsEnded || nowMs - this.#wrongAtMs < CONTRADICTED_MS || !this.#trader.running) return;
    const { id } = this.#aim.pick(instruments);
    if (!this.#trader.hasHeard(id)) return;
    this.#injected.count('wrong quote at the close');
    this.#wrongAtMs = nowMs;
    this.#silentUntilMs.set(id, nowMs + LAST_WORD_MS);
    const wrong = wrongQuote(this.#aim, this.#prices.bidTicks(id));
    this.#trader.post({ kind: 'quote', instrument: id, ...wrong });
  }

  #signal(): void {
    if (this.#ending) return;
    const what = this.#signals.send(this.#trader);
    if (what !== null) this.#injected.count(what);
  }

  #startTrader(copied: readonly EngineRecord[] = []): TraderUnderTest {
    const parts = {
      engineOf: this.engineOf,
      scenario: this.#scenario,
      time: this.#time,
      network: this.#network,
      oracle: this.#oracle,
      disk: this.#disk,
      incarnation: this.#incarnation,
      edition: this.#edition,
      drawHaltId: () => this.#random.hex(32),
      marketNowMs: () => this.#prices.marketNowMs,
      setWallByMs: () => this.#setWallByMs,
    };
    return new TraderUnderTest(parts, copied);
  }

  /** kill -9 at any byte of the journal, and a start a while later. */
  #crash(): void {
    if (!this.#trader.alive || !this.#trader.isPutBack) return;
    this.#crashes += 1;
    this.#injected.count('kill -9');
    this.#trader.die();
    this.#disk.crash();
    this.#time.after(this.#random.whole(100, 5_000), () => {
      this.#changeDeskFile();
      this.#trader = this.#startTrader();
    });
  }

  /** Where real money is traded, between two starts: what people agreed to was another file. */
  #changeDeskFile(): void {
    if (!this.#scenario.live || this.#faultsEnded || !this.#random.chance(0.3)) return;
    this.#edition += 1;
    this.#injected.count('desk file changed');
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
    this.#injected.count('journal put back');
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

  /** By seconds up to a day, in either direction; now and then put right again. */
  #setClock(): void {
    const before = this.#setWallByMs;
    const byMs = this.#random.whole(6_000, 86_400_000) * (this.#random.chance(0.5) ? 1 : -1);
    this.#setWallByMs = before !== 0 && this.#random.chance(0.5) ? 0 : before + byMs;
    this.#injected.count('clock set');
    this.#oracle.clockSet(this.#time.nowMs, this.#setWallByMs);
  }

  /** Bars go on: they are the venue's own. */
  #silence(): void {
    const { instruments } = this.#scenario;
    const all = this.#random.chance(0.3);
    const silent = all ? instruments.map(({ id }) => id) : [this.#random.whole(0, instruments.length - 1)];
    const untilMs = this.#time.nowMs + this.#random.whole(4_000, 15_000);
    this.#hush(silent, untilMs, all ? 'silent feed' : 'silent instrument');
  }

  #hush(silent: readonly number[], untilMs: number, what: string): void {
    // Nothing would contradict a quote that is no price: after a while it has to be one.
    if (this.#time.nowMs - this.#wrongAtMs < CONTRADICTED_MS) return;
    for (const id of silent) this.#silentUntilMs.set(id, untilMs);
    this.#injected.count(what);
  }

  /** One that is held, while a desk trades and the others have their prices. */
  #silenceHeld(): void {
    if (!this.#trader.running || this.#trader.view.mode !== 'ACTIVE') return;
    const held = this.#trader.view.positions.filter(({ quantityLots }) => quantityLots !== 0);
    if (held.length === 0) return;
    const { instrument } = this.#aim.pick(held);
    this.#hush([instrument], this.#time.nowMs + this.#aim.whole(9_000, 25_000), 'silent position');
  }

  /** What prices the coins that fees are paid from: entries wait until it speaks again. */
  #silenceFees(): void {
    const priced = Object.values(feeAssetsOf(this.#scenario.instruments));
    this.#hush(priced, this.#time.nowMs + this.#aim.whole(10_000, 20_000), 'silent fee asset');
  }

  /** What converts results: also what is priced itself has no known worth until it speaks again. */
  #silenceRate(): void {
    const converting = new Set(this.#scenario.instruments.map(({ id }) => this.#rates.by(id)));
    const all = [...converting].filter((id) => id !== null);
    this.#hush([this.#aim.pick(all)], this.#time.nowMs + this.#aim.whole(5_000, 20_000), 'silent converter');
  }

  /** Worth an order by the desk file, and less than the venue takes. */
  #enterTooLittle(): void {
    const sizeFactorPpm = this.#aim.pick([10_000, 11_500, 13_000]);
    this.#injected.count('size below the smallest order');
    this.#trader.command({ name: 'resize', sizeFactorPpm, authorised: true });
  }

  /** Up to well past the time after which an order counts as one that the venue never had. */
  #stallDisk(): void {
    this.#injected.count('disk stands still');
    this.#disk.stallsUntilMs = this.#time.nowMs + this.#aim.whole(2_000, 15_000);
  }

  #loseHeartbeat(): void {
    const which = this.#random.pick(['operations', 'supervisor'] as const);
    this.#injected.count(`${which} silent`);
    this.#trader.post({ kind: 'heartbeat.lost', which });
  }

  #storm(): void {
    this.#network.maintenance(this.#random.whole(25_000, 45_000));
    this.#trader.command({ name: 'closeAll' });
    this.#time.after(this.#random.whole(1, 2_000), () => this.#crash());
  }

  /** No journal, no orders: somebody repairs the disk and starts the trader again. Meanwhile nobody watches it any more. */
  #breakDisk(): void {
    if (!this.#trader.isPutBack) return;
    this.#injected.count('disk fails');
    this.#disk.failure = this.#random.pick(['write', 'torn write', 'sync'] as const);
    const repairedMs = this.#random.whole(1_000, 8_000);
    this.#time.after(repairedMs / 2, () =>
      this.#trader.post({ kind: 'heartbeat.lost', which: 'supervisor' }),
    );
    this.#time.after(repairedMs, () => this.#crash());
  }

  #quote(instrument: number): void {
    if (!this.#prices.isOpen) {
      this.#oracle.marketClosed(this.#time.nowMs);
      return;
    }
    const bidTicks = this.#prices.step(instrument);
    const askTicks = this.#prices.askTicks(instrument);
    const marketMs = this.#prices.marketNowMs;
    const [bidLots, askLots] = [this.#offeredLots(), this.#offeredLots()];
    this.#venue.onMarket({ kind: 'quote', instrument, marketMs, bidTicks, askTicks, bidLots, askLots });
    const silentUntilMs = this.#silentUntilMs.get(instrument) ?? 0;
    if (this.#time.nowMs >= silentUntilMs)
      this.#trader.post({ kind: 'quote', instrument, bidTicks, askTicks });
  }

  /** One among real ones, or two that agree, to a desk that has heard a real one: the first is believed whatever it is. */
  #quoteWrongly(): void {
    const instrument = this.#random.whole(0, this.#scenario.instruments.length - 1);
    const silent = this.#time.nowMs < (this.#silentUntilMs.get(instrument) ?? 0);
    if (silent || !this.#prices.isOpen || !this.#trader.running || !this.#trader.hasHeard(instrument)) return;
    const [nowMs, { sleepEveryMs }] = [this.#time.nowMs, this.#scenario];
    // With a third one that agrees they would be the price.
    if (nowMs - this.#twoWrongAtMs < CONTRADICTED_MS) return;
    this.#injected.count('wrong quote');
    const alone = nowMs - this.#wrongAtMs >= CONTRADICTED_MS && sleepEveryMs === 0;
    this.#wrongAtMs = nowMs;
    const { bidTicks, askTicks } = wrongQuote(this.#random, this.#prices.bidTicks(instrument));
    this.#trader.post({ kind: 'quote', instrument, bidTicks, askTicks });
    if (alone && bidTicks % 2 === 0) {
      this.#twoWrongAtMs = nowMs;
      this.#injected.count('two wrong quotes that agree');
      this.#trader.post({ kind: 'quote', instrument, bidTicks, askTicks });
    }
    // Nobody listens to what contradicts it.
    if (this.#scenario.freezeEveryMs > 0 && this.#random.chance(0.2))
      this.#trader.freeze(this.#random.whole(3_000, 20_000));
  }

  /** From a desk that may enter: what it enters from now on is without a stop. */
  #takeNoStops(): void {
    if (!this.#trader.running || this.#trader.view.mode !== 'ACTIVE') return;
    this.#network.takeNoStops(
      this.#random.pick(['refused', 'lost', 'lost'] as const),
      this.#random.whole(20_000, 40_000),
    );
  }

  /** Long enough to be noticed. What the feed said meanwhile is lost, and the last that it said was no price. */
  #sleep(): void {
    const { instruments } = this.#scenario;
    if (!this.#trader.running || !instruments.every(({ id }) => this.#trader.hasHeard(id))) return;
    const sleepMs = this.#random.whole(6_000, 20_000);
    const untilMs = this.#time.nowMs + sleepMs + this.#random.whole(500, 4_000);
    for (const { id } of instruments) {
      if (this.#time.nowMs >= (this.#silentUntilMs.get(id) ?? 0))
        this.#trader.post({
          kind: 'quote',
          instrument: id,
          ...wrongQuote(this.#random, this.#prices.bidTicks(id)),
        });
      this.#silentUntilMs.set(id, untilMs);
    }
    this.#injected.count('machine sleeps');
    this.#wrongAtMs = untilMs;
    this.#trader.freeze(sleepMs);
  }

  /** 0: nobody says how much. */
  #offeredLots(): number {
    return this.#scenario.thinBooks ? this.#random.whole(100, 6_000) : 0;
  }

  #bar(instrument: number): void {
    if (!this.#prices.isOpen) return;
    const bar = this.#prices.bar(instrument, this.#scenario.barEveryMs);
    this.#trader.post({ kind: 'bar', instrument, ...bar, volumeLots: Number.NaN, warmup: false });
  }

  /** Only while there are faults. */
  #nowAndThen(meanMs: number, run: () => void, random = this.#random): void {
    if (meanMs === 0) return;
    this.#time.after(random.whole(1, meanMs * 2), () => {
      if (this.#faultsEnded) return;
      run();
      this.#nowAndThen(meanMs, run, random);
    });
  }

  async #result(): Promise<SimulationResult> {
    const { engine } = this.#trader;
    this.#disk.crash();
    const records = [...readJournal(this.directory)].map(({ record }) => record);
    await this.#referee.lookAtAccount();
    await this.#referee.lookAtFees();
    const broken = checkInvariants({
      scenario: this.#scenario,
      engine,
      venue: await this.#truth(),
      sent: this.#sent,
      oracle: this.#oracle,
      incarnation: this.#incarnation,
      edition: this.#edition,
      records,
    });
    return {
      seed: this.seed,
      violations: [...this.#referee.violations, ...broken],
      fills: this.#oracle.fills,
      submits: this.#oracle.submits,
      crashes: this.#crashes,
      armings: this.#oracle.armings,
      adoptions: this.#oracle.adoptions,
      injected: this.#injected.counts,
      reached: this.#oracle.reached.counts,
      stateHash: engine.stateHash(),
    };
  }

  async #truth(): Promise<VenueTruth> {
    const venue = this.#venue;
    const moved = this.#bank.cash;
    const cash = Number((await venue.balances()).cash) + Number(moved);
    const [positions, openOrders] = [await venue.positions(), await venue.openOrders()];
    const everyFill = await venue.fillsSince(0);
    const [holdings, conversions] = [await venue.holdings(), this.#conversions.done];
    const fills = everyFill.filter(({ clientId }) => !this.#conversions.hidden.has(clientId));
    return { cash, positions, openOrders, fills, holdings, conversions, moved, everyFill };
  }
}
