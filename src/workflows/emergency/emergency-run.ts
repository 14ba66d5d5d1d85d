/** The state of one emergency stop: what was ordered, which traders it concerns, and what is proven of each. */
import { log, patched, proxyActivities } from '@temporalio/workflow';
import {
  type AdmittedIncarnation,
  askedWords,
  closes,
  EMERGENCY_TITLES,
  type EmergencyActivities,
  type EmergencyCarried,
  type EmergencyKind,
  type EmergencyOrder,
  type EmergencyOutcome,
  type EmergencyStopInput,
  ORDER_NAMES,
  orderStepKey,
  strongestOf,
  TRADER_GONE_MS,
} from '../../contracts/emergency.js';
import { emergencyQueue } from '../../contracts/queues.js';
import { causeOf } from '../../domain/message-of.js';
import { EvidenceTrail } from '../evidence-trail.js';
import { showPhase } from '../show.js';
import { EmergencyTarget } from './emergency-target.js';

/** A stop asks which traders were left out. Runs that began before this patch don't. */
const NAMES_GONE = 'names-who-is-gone';

/** Runs that began before this patch tell nobody that what they had raised an alarm about is proven now. */
const TELLS_PROVEN = 'a-stop-that-was-escalated-tells-that-it-is-proven';

export class EmergencyRun {
  readonly trail: EvidenceTrail;
  readonly #targets = new Map<string, EmergencyTarget>();
  readonly #calls;
  readonly #orders: EmergencyOrder[] = [];
  #startedMs = Date.now();
  #escalated = false;
  #gaveUp = false;
  #gone: readonly AdmittedIncarnation[] | null;
  readonly #asksWhoIsGone: boolean;
  readonly #named: Set<string>;

  constructor(private readonly input: EmergencyStopInput) {
    const { evidenceMs } = input.timing;
    this.#gone = input.gone ?? null;
    this.#named = new Set(input.carried?.named);
    this.#asksWhoIsGone = input.incarnations === null && this.#gone === null && patched(NAMES_GONE);
    this.#calls = proxyActivities<EmergencyActivities>({
      taskQueue: emergencyQueue(input.desk),
      startToCloseTimeout: '10 seconds',
      scheduleToCloseTimeout: evidenceMs,
      retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
    });
    this.trail = new EvidenceTrail(input.desk, this.#calls);
  }

  get timing(): EmergencyStopInput['timing'] {
    return this.input.timing;
  }

  get kind(): EmergencyKind {
    return strongestOf(this.#orders);
  }

  get finished(): boolean {
    return this.#targets.size > 0 && this.#all((target) => target.proven || target.superseded);
  }

  get outcome(): EmergencyOutcome {
    const proven = this.#targets.size > 0 && this.#all((target) => target.proven);
    const superseded = !proven && this.finished;
    return {
      kind: this.kind,
      proven,
      superseded,
      detail: this.#sentence(proven, superseded),
      owedTo: this.#owedTo,
      ...(this.input.incarnations === null && !this.finished && !this.#gaveUp
        ? { takenBy: this.#incarnations((target) => !target.owed) }
        : {}),
    };
  }

  get #owedTo(): readonly string[] | null {
    if (this.#targets.size === 0) return null;
    return this.#incarnations((target) => target.owed);
  }

  /** Whether a trader that may come back has not taken every order. */
  get isOwed(): boolean {
    const owedTo = this.#owedTo;
    return owedTo?.length !== 0 && Date.now() - this.#startedMs < TRADER_GONE_MS;
  }

  /** Where the run before left off. */
  get resumesAt(): Progress {
    const { round = 1, sendsOn = false } = this.input.carried ?? {};
    return { round: Math.min(round, this.timing.roundsMax), sendsOn };
  }

  /**
   * Orders to carry out. Each goes to every trader that has not taken it yet, and the proof starts over. False: all of
   * them were carried over, and this run resumes where the run before left off.
   */
  take(orders: readonly EmergencyOrder[]): boolean {
    const { carried, sinceMs } = this.input;
    const isFirst = this.#orders.length === 0;
    const isResumed = isFirst && orders.every((order) => this.#isCarried(order));
    // A run of an earlier version does not say which of its orders it carries over.
    const isSince = isFirst && (isResumed || carried === undefined);
    this.#startedMs = (isSince ? sinceMs : undefined) ?? Date.now();
    this.#escalated = isResumed && carried?.isEscalated === true;
    this.#gaveUp = false;
    this.#orders.push(...orders);
    for (const order of orders) {
      if (carried?.isRecorded === true && this.#isCarried(order)) continue;
      this.trail.add({
        ...this.#step(orderStepKey(order.commandId), ORDER_NAMES[order.kind]),
        kind: 'human',
        verdict: 'pass',
        observed: askedWords(order),
        expected: 'a person asks; nothing is needed to stop',
        person: order.by,
      });
    }
    for (const target of this.#targets.values()) target.take(orders);
    return !isResumed;
  }

  #isCarried({ commandId }: EmergencyOrder): boolean {
    return this.input.carried?.commandIds.includes(commandId) === true;
  }

  /** The traders named by the input, by the orders themselves and by the desk owner. */
  async findTargets(): Promise<void> {
    for (const order of this.#orders) this.#addTargets(order.sentTo);
    this.#addTargets(this.input.known ?? []);
    if (this.input.incarnations !== null) {
      this.#addTargets(this.input.incarnations);
    } else {
      await Promise.all([this.#askDeskOwner(), this.#askWhoIsGone()]);
    }
    this.#nameLeftOut();
  }

  async send(): Promise<void> {
    showPhase(`${EMERGENCY_TITLES[this.kind]}: halting`, this.#lines());
    await Promise.all([...this.#targets.values()].map((target) => target.send()));
  }

  async read(): Promise<void> {
    const { kind } = this;
    await Promise.all([...this.#targets.values()].map((target) => target.read(kind)));
    showPhase(`${EMERGENCY_TITLES[kind]}: ${this.finished ? 'read back' : 'not proven yet'}`, this.#lines());
  }

  escalateWhenDue(): void {
    const { stopDeadlineMs, closeAllDeadlineMs } = this.timing;
    const deadlineMs = closes(this.kind) ? closeAllDeadlineMs : stopDeadlineMs;
    if (this.#escalated || Date.now() - this.#startedMs < deadlineMs) return;
    this.#escalated = true;
    this.#alarm('escalated', `Not proven after ${deadlineMs / 1000} s: ${this.#lines().join('; ')}`);
  }

  giveUp(): void {
    this.#gaveUp = true;
    this.#alarm(
      'gave-up',
      `Not proven after the last attempt, look at the venue yourself: ${this.#lines().join('; ')}`,
    );
  }

  /** Sent as a stop: whether to close everything days later is for people to decide. */
  sendOn(): void {
    const lifted = this.kind === 'kill' ? ', which one person can lift: kill again then' : '';
    this.#alarm(
      'sent-on',
      `Not proven after many attempts, look at the venue yourself; a trader that comes back is sent a stop${lifted}: ${this.#lines().join('; ')}`,
    );
    for (const [at, order] of this.#orders.entries()) this.#orders[at] = { ...order, kind: 'stop' };
    for (const target of this.#targets.values()) target.onlyStop();
  }

  recordVerdict(): void {
    const { proven, superseded, detail } = this.outcome;
    // Otherwise "not proven" would be the last word that people hear.
    if (proven && this.#escalated && patched(TELLS_PROVEN)) this.#tellProven(detail);
    this.trail.add({
      ...this.#step(`proof:${this.#newest}`, closes(this.kind) ? 'Flat, read back' : 'Stopped, read back'),
      kind: 'check',
      verdict: proven ? 'pass' : superseded ? 'warn' : 'fail',
      observed: detail,
      expected: closes(this.kind)
        ? 'the venue reports no position and no entry order'
        : 'halted, 0 entry orders work',
    });
  }

  /**
   * The input that continues this emergency with a fresh history: the newest order of the strongest kind stands for all
   * earlier ones. A stop that came after it goes along: people may have armed a trader in between. A trader that has
   * taken an order is not halted by it again, for the same reason.
   */
  carriedOver(pending: readonly EmergencyOrder[], progress: Progress): EmergencyStopInput {
    const strongest = this.#orders.filter(({ kind }) => kind === this.kind).slice(-1);
    const kept = [...new Set([...strongest, ...this.#orders.slice(-1)])];
    const carried: EmergencyCarried = {
      ...progress,
      commandIds: kept.map(({ commandId }) => commandId),
      isRecorded: true,
      isEscalated: this.#escalated,
      named: [...this.#named],
      traders: [...this.#targets.values()].map((target) => target.carriedOver),
    };
    return {
      ...this.input,
      incarnations: this.input.incarnations === null ? null : [...this.#targets.keys()],
      known: [...this.#targets.keys()],
      gone: this.#gone,
      sinceMs: this.#startedMs,
      carried: this.trail.settled ? carried : unsaid(carried),
      orders: [...kept.map((order) => this.#withTakers(order)), ...pending],
    };
  }

  #withTakers(order: EmergencyOrder): EmergencyOrder {
    const took = this.#incarnations((target) => !target.owes(order));
    return { ...order, sentTo: [...new Set([...order.sentTo, ...took])] };
  }

  async #askDeskOwner(): Promise<void> {
    try {
      const known = await this.#calls.knownIncarnations.executeWithOptions(
        { summary: 'Which traders does the desk have?', ...this.#askedInTime },
        [],
      );
      this.#addTargets(known);
    } catch (error) {
      showPhase(`${EMERGENCY_TITLES[this.kind]}: the desk owner does not answer`, [causeOf(error)]);
    }
  }

  /** Asks once. If nobody answers, the stop continues without the names. */
  async #askWhoIsGone(): Promise<void> {
    if (!this.#asksWhoIsGone || this.#gone !== null) return;
    this.#gone = [];
    try {
      this.#gone = await this.#calls.goneTraders.executeWithOptions(
        { summary: 'Which traders were not seen for days?', ...this.#askedInTime },
        [],
      );
    } catch (error) {
      log.warn('who is left out of the stop is not known', { error: causeOf(error) });
    }
  }

  /** The proof doesn't cover these traders; the evidence names them so that a reader can check that they are gone. */
  #nameLeftOut(): void {
    for (const one of this.#leftOut) {
      if (this.#named.has(one.incarnation)) continue;
      this.#named.add(one.incarnation);
      this.trail.add({
        ...this.#step(`left-out:${one.incarnation}`, 'Trader left out: it is gone'),
        kind: 'report',
        verdict: 'warn',
        observed: `${leftOutWords(one)}: nothing is proven of it. If it may still run somewhere, look at the venue.`,
        expected: 'every trader that was seen within three days is stopped and read back',
        reference: one.incarnation,
      });
    }
  }

  get #leftOut(): readonly AdmittedIncarnation[] {
    return (this.#gone ?? []).filter(({ incarnation }) => !this.#targets.has(incarnation));
  }

  get #askedInTime() {
    return {
      scheduleToCloseTimeout: this.timing.queueWaitMs + 5_000,
      startToCloseTimeout: 3_000,
      retry: { maximumAttempts: 2, initialInterval: 100 },
    };
  }

  #addTargets(incarnations: readonly string[]): void {
    for (const incarnation of incarnations) {
      if (this.#targets.has(incarnation)) continue;
      const carried = this.input.carried?.traders.find((one) => one.incarnation === incarnation);
      const target = new EmergencyTarget(this.input.desk, incarnation, this.timing, this.trail, carried);
      target.take(this.#orders);
      this.#targets.set(incarnation, target);
    }
  }

  #alarm(key: string, observed: string): void {
    this.trail.add({
      ...this.#step(`${key}:${this.#newest}`, 'Escalation'),
      kind: 'report',
      verdict: 'fail',
      observed,
      expected: closes(this.kind) ? 'flat in time' : 'stopped in time',
    });
    this.trail.keep(
      'alarm',
      this.#calls.raiseAlarm.executeWithOptions({ summary: `Alarm: ${this.kind} not proven` }, [
        { desk: this.input.desk, text: observed },
      ]),
    );
    showPhase(`${EMERGENCY_TITLES[this.kind]}: ESCALATED`, this.#lines());
  }

  #tellProven(detail: string): void {
    this.#escalated = false;
    const told = this.#calls.raiseAlarm.executeWithOptions({ summary: `Proven now: ${this.kind}` }, [
      { desk: this.input.desk, text: `Proven now. ${detail}`, isOver: true },
    ]);
    this.trail.keep('proven now', told);
  }

  #step(stepKey: string, name: string) {
    const reading = [...this.#targets.values()].find((target) => target.marketMs !== null);
    return {
      routine: 'emergency-stop',
      stepKey,
      attemptGroup: 0,
      name,
      startedMs: this.#startedMs,
      finishedMs: Date.now(),
      marketMs: reading?.marketMs ?? null,
      person: null,
      reference: null,
      simulated: reading?.simulated ?? false,
    };
  }

  #lines(): string[] {
    const known = [...this.#targets.values()].map((target) => target.sentence(this.kind));
    return [
      ...(known.length === 0 ? ['no trader of this desk is known yet'] : known),
      ...this.#leftOut.map(leftOutWords),
    ];
  }

  #sentence(proven: boolean, superseded: boolean): string {
    const lines = this.#lines().join('; ');
    if (proven) return closes(this.kind) ? `Flat: ${lines}` : `Stopped: ${lines}`;
    if (superseded) return `Armed again before the proof: ${lines}`;
    return this.#gaveUp ? `Not proven, a person has to look: ${lines}` : `Not proven yet: ${lines}`;
  }

  /**
   * Part of the evidence key of a round: the same order yields the same row, however often the round is
   * repeated.
   */
  get #newest(): string {
    return this.#orders.at(-1)?.commandId ?? 'none';
  }

  #incarnations(holds: (target: EmergencyTarget) => boolean): string[] {
    return [...this.#targets].filter(([, target]) => holds(target)).map(([incarnation]) => incarnation);
  }

  #all(holds: (target: EmergencyTarget) => boolean): boolean {
    return [...this.#targets.values()].every(holds);
  }
}

/** The round that comes next, and whether the stop is already being sent on. */
type Progress = Pick<EmergencyCarried, 'round' | 'sendsOn'>;

/** Evidence and alarms that are still under way end with their run, so the next one says all of it again. */
const unsaid = (carried: EmergencyCarried): EmergencyCarried => ({
  ...carried,
  isRecorded: false,
  isEscalated: false,
  sendsOn: false,
  named: [],
  traders: carried.traders.map((one) => ({ ...one, hasFailed: false })),
});

const leftOutWords = ({ incarnation, seenMs }: AdmittedIncarnation): string =>
  `trader ${incarnation} left out, ${seenMs === undefined ? 'never seen' : `last seen ${new Date(seenMs).toISOString()}`}`;
