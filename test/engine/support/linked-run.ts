/** One run of the engine beside a venue that links orders: faults for a while, a kill between any two effects, then calm. */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Unstamped } from '../../../src/trader/running/runner.js';
import { FUTURES } from '../../support/engine-config.js';
import { DeskUnderTest } from './desk.js';
import { LinkingVenue } from './linking-venue.js';
import { oneEntry } from './one-entry.js';

const LINKED = { ...FUTURES, reduceOnly: false, linksOrders: true };
const STOP = 9_800;
const TARGET = 10_200;
const STEPS = 120;
const CALM_ROUNDS = 150;

export class LinkedRun {
  readonly venue: LinkingVenue;
  desk: DeskUnderTest;
  kills = 0;
  #calm = true;
  #queue: Unstamped[] = [];
  readonly #records: EngineRecord[] = [];

  constructor(readonly draw: (below: number) => number) {
    const tell = (message: Unstamped) => {
      // Of the answers one in eight is lost, and of what the stream says; a reading tells of fills again.
      if (!this.#calm && draw(8) === 0) return;
      this.#queue.push(message);
      if (!this.#calm && draw(8) === 0) this.#queue.push(message);
    };
    this.venue = new LinkingVenue(draw, tell, () => this.desk.marketMs);
    this.desk = this.#start();
    for (let round = 0; round < 3; round += 1) this.#settle();
  }

  /** Steps with faults; then calm, until nothing is under way. */
  go(): this {
    this.#calm = false;
    this.#do(() => this.desk.bar(0, 10_000));
    for (let step = 0; step < STEPS; step += 1) {
      this.#move();
      this.#hear(this.draw(4));
      this.#pass(1 + this.draw(400));
    }
    this.#calm = true;
    for (let round = 0; round < CALM_ROUNDS; round += 1) this.#settle();
    return this;
  }

  #settle(): void {
    this.#quote();
    this.#hear(this.#queue.length);
    this.#pass(1_000);
  }

  #start(): DeskUnderTest {
    const strategies = [
      oneEntry({
        ...{ limitTicks: 10_000, protectTicks: STOP, restBars: 50 },
        exits: { targets: [{ ticks: TARGET, closedPpm: 1_000_000 }] },
      }),
    ];
    const before = this.desk as DeskUnderTest | undefined;
    // Whether a stop did nothing is another matter: one whose fill is told late looks like it.
    const config = { capabilities: LINKED, strategies, stopOverrunMs: 3_600_000 };
    const desk = new DeskUnderTest(config, 1, this.#records);
    for (const clock of ['wallMs', 'marketMs', 'monotonicMs'] as const)
      desk[clock] = before === undefined ? desk[clock] : before[clock] + 500;
    this.desk = desk;
    desk.begin();
    this.#carryOut(desk.effects);
    return this.desk;
  }

  /** A walk that reaches stop and target now and then; never so far at once that it is past both. */
  #move(): void {
    const { bidTicks } = this.venue;
    const away = this.draw(101) - 50;
    this.venue.trade(Math.max(STOP - 60, Math.min(TARGET + 60, bidTicks + away)));
    this.#quote();
  }

  #quote(): void {
    this.#do(() => this.desk.quote(0, this.venue.bidTicks));
  }

  #pass(ms: number): void {
    this.#do(() => this.desk.pass(ms));
    this.#arm();
  }

  #arm(): void {
    const { view } = this.desk.engine;
    if (view.mode !== 'HALTED' || view.reconciliation.state !== 'clean') return;
    this.#do(() => {
      this.desk.arm('two-people');
      return this.desk.effects;
    });
  }

  /** Any of what is on its way, the oldest or not. */
  #hear(count: number): void {
    for (let heard = 0; heard < count && this.#queue.length > 0; heard += 1) {
      const at = this.#calm ? 0 : this.draw(Math.min(4, this.#queue.length));
      const [message] = this.#queue.splice(at, 1);
      this.#do(() => this.desk.happen(message!));
    }
  }

  #do(act: () => readonly Effect[]): void {
    this.#carryOut(act());
  }

  /** In order, as the runner does: an order leaves once what is recorded before it is on the disk. */
  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (!this.#calm && this.draw(400) === 0) {
        this.kills += 1;
        this.#queue = [];
        this.#start();
        return;
      }
      if (effect.kind === 'record') this.#records.push(effect.record);
      else this.venue.carryOut(effect);
    }
  }
}
