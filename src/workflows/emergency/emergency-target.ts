/** One trader of the desk within an emergency stop: what it was sent, and what was read back. */
import { type ActivityInterfaceFor, proxyActivities } from '@temporalio/workflow';
import {
  type CarriedTrader,
  closes,
  EMERGENCY_TITLES,
  type EmergencyKind,
  type EmergencyOrder,
  type EmergencyTiming,
} from '../../contracts/emergency.js';
import type { EngineActivities, FlatReading, StopReading } from '../../contracts/engine-activities.js';
import { engineQueue, NOT_ON_DISK } from '../../contracts/queues.js';
import { causeOf, isCausedBy } from '../../domain/message-of.js';
import type { EvidenceTrail } from '../evidence-trail.js';

export class EmergencyTarget {
  readonly #engine;
  #unsent: EmergencyOrder[] = [];
  #closeAllOrder: EmergencyOrder | null = null;
  #reading: StopReading | FlatReading | null = null;
  #problem: string | null = null;
  /** It has carried out what it was sent last, and can't write it: a restart takes it back. */
  #isUnwritten = false;
  #hasFailed: boolean;
  #repeats: number;
  /** Counts requests to the trader, so that a reading overtaken by a new order doesn't count as its proof. */
  #asked = 0;

  constructor(
    desk: string,
    private readonly incarnation: string,
    private readonly timing: EmergencyTiming,
    private readonly trail: EvidenceTrail,
    carried?: CarriedTrader,
  ) {
    this.#engine = engineCalls(desk, incarnation, timing);
    this.#hasFailed = carried?.hasFailed ?? false;
    this.#repeats = carried?.repeats ?? 0;
  }

  get carriedOver(): CarriedTrader {
    return { incarnation: this.incarnation, hasFailed: this.#hasFailed, repeats: this.#repeats };
  }

  get proven(): boolean {
    return this.#unsent.length === 0 && this.#problem === null && this.#reading?.proven === true;
  }

  owes({ commandId }: EmergencyOrder): boolean {
    return this.#unsent.some((order) => order.commandId === commandId);
  }

  get owed(): boolean {
    return this.#unsent.length > 0;
  }

  /** The trader took every order and is active all the same: somebody has armed it since. */
  get superseded(): boolean {
    const mode = this.#reading?.mode;
    return this.#unsent.length === 0 && this.#problem === null && (mode === 'ACTIVE' || mode === 'REDUCING');
  }

  get marketMs(): number | null {
    return this.#reading?.marketMs ?? null;
  }

  get simulated(): boolean | null {
    return this.#reading?.simulated ?? null;
  }

  take(orders: readonly EmergencyOrder[]): void {
    this.#reading = null;
    this.#asked += 1;
    for (const order of orders) {
      if (closes(order.kind)) this.#closeAllOrder = order;
      if (!order.sentTo.includes(this.incarnation)) this.#unsent.push(order);
    }
  }

  onlyStop(): void {
    this.#closeAllOrder = null;
    this.#unsent = this.#unsent.map((order) => ({ ...order, kind: 'stop' }));
  }

  /**
   * Sends every order that the trader has not taken yet. A failed order stays unsent and is tried again in the next
   * round.
   */
  async send(): Promise<void> {
    const owed = this.#unsent;
    const outcomes = await Promise.all(owed.map((order) => this.#sendOne(order)));
    this.#unsent = this.#unsent.filter(
      (order) => !owed.includes(order) || outcomes[owed.indexOf(order)] === false,
    );
    if (this.#unsent.length === 0) this.#problem = null;
  }

  async read(kind: EmergencyKind): Promise<void> {
    if (this.#unsent.length > 0) return;
    const asked = this.#asked;
    try {
      const reading = await (closes(kind) ? this.#readFlat() : this.#readStopped());
      if (asked !== this.#asked) return;
      this.#reading = reading;
      this.#problem = null;
      if ('state' in reading && !reading.proven && reading.state !== 'running') this.#closeAgain();
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#reading = null;
      this.#fail(error);
    }
  }

  sentence(kind: EmergencyKind): string {
    const name = `trader ${this.incarnation}`;
    if (this.#problem !== null)
      return `${name} ${this.#isUnwritten ? 'has not kept it' : 'not reached'} (${this.#problem})`;
    if (this.#reading === null) return `${name} not read back yet`;
    const { mode, entriesWorking } = this.#reading;
    const open = 'open' in this.#reading ? this.#reading.open : null;
    const positions = closes(kind) && open ? `, positions: ${open.join(', ') || 'none'}` : '';
    return `${name} is ${mode}, ${entriesWorking} entry orders work${positions}`;
  }

  #readStopped(): Promise<StopReading> {
    return this.#engine.proveStopped.executeWithOptions(
      { summary: `No entry order works on ${this.incarnation}?` },
      [this.timing.proofPatienceMs],
    );
  }

  #readFlat(): Promise<FlatReading> {
    return this.#engine.proveFlat.executeWithOptions(
      {
        summary: `Flat at the venue on ${this.incarnation}?`,
        startToCloseTimeout: this.timing.proofPatienceMs + 20_000,
        scheduleToCloseTimeout: this.timing.queueWaitMs + this.timing.proofPatienceMs + 20_000,
      },
      [this.timing.proofPatienceMs],
    );
  }

  /**
   * Orders close-all again if the trader has stopped closing while something is open (it was restarted, or gave up).
   */
  #closeAgain(): void {
    if (this.#closeAllOrder === null) return;
    this.#repeats += 1;
    const { commandId } = this.#closeAllOrder;
    this.#unsent.push({
      ...this.#closeAllOrder,
      commandId: `${commandId}:again-${this.#repeats}`,
      sentTo: [],
    });
  }

  async #sendOne(order: EmergencyOrder): Promise<boolean> {
    const startedMs = Date.now();
    const command = { commandId: order.commandId, by: order.by, reason: order.reason };
    const summary = `${EMERGENCY_TITLES[order.kind]}: ${order.reason}`.slice(0, 200);
    try {
      const { sendStop, sendCloseAll, sendKill } = this.#engine;
      const send = { stop: sendStop, closeAll: sendCloseAll, kill: sendKill }[order.kind];
      const result = await send.executeWithOptions({ summary }, [command]);
      if (!result.ok) throw new Error(`refused by the trader: ${result.detail}`);
      this.#record(order, startedMs, 'pass', `${result.detail} Mode ${result.mode}.`);
      return true;
    } catch (error) {
      const observed = this.#fail(error);
      if (!this.#hasFailed) this.#record(order, startedMs, 'fail', observed);
      this.#hasFailed = true;
      return false;
    }
  }

  #fail(error: unknown): string {
    this.#isUnwritten = isCausedBy(error, NOT_ON_DISK);
    this.#problem = causeOf(error);
    return this.#problem;
  }

  #record(order: EmergencyOrder, startedMs: number, verdict: 'pass' | 'fail', observed: string) {
    this.trail.add({
      routine: 'emergency-stop',
      stepKey: `${order.kind}:${order.commandId}:${this.incarnation}:${verdict}`,
      attemptGroup: 0,
      name: `${EMERGENCY_TITLES[order.kind]} sent to the trader`,
      kind: 'action',
      verdict,
      observed,
      expected: 'the trader takes the command',
      startedMs,
      finishedMs: Date.now(),
      marketMs: this.marketMs,
      person: order.by,
      reference: this.incarnation,
      simulated: this.simulated ?? false,
    });
  }
}

/**
 * One attempt only: the procedure's own loop repeats, so that a new order never waits behind a retry. `scheduleToStart`
 * detects a dead engine worker.
 */
function engineCalls(
  desk: string,
  incarnation: string,
  timing: EmergencyTiming,
): ActivityInterfaceFor<EngineActivities> {
  const startToCloseMs = timing.proofPatienceMs + 5_000;
  return proxyActivities<EngineActivities>({
    taskQueue: engineQueue(desk, incarnation),
    scheduleToStartTimeout: timing.queueWaitMs,
    startToCloseTimeout: startToCloseMs,
    scheduleToCloseTimeout: timing.queueWaitMs + startToCloseMs,
    retry: { maximumAttempts: 1 },
  });
}
