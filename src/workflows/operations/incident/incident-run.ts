/**
 * Runs one incident's playbook: takes each step once, polls until the incident is over, and tells people about it.
 */
import {
  type ActivityInterfaceFor,
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import type { IncidentFacts } from '../../../contracts/engine-activities.js';
import type {
  Incident,
  IncidentActivities,
  IncidentCarried,
  IncidentInput,
  IncidentProgress,
  LookAgain,
} from '../../../contracts/incident.js';
import { backoffMs } from '../../../domain/backoff.js';
import { causeOf } from '../../../domain/message-of.js';
import type { Finding, Offer, OpenIncident } from '../../../playbooks/playbook.js';
import { runIdentity } from '../../evidence-trail.js';
import { paced } from '../../paced.js';
import { Approvals, isDecided } from '../approval.js';
import { AskedTrader, approvedCalls, keepCalls, lookCalls } from '../operations-calls.js';
import { type IncidentLog, logOf, showIncident, stateOf, Timeline } from './incident-log.js';
import { offer } from './offer.js';

/** Longest finding kept, in characters, since findings go through continue-as-new. */
const FOUND_MAX = 2_000;

/** Runs that began before this patch cut the terms of an offer too, and what is cut can't be offered. */
const KEEPS_TERMS = 'an-offer-keeps-all-of-its-terms';

/**
 * Runs that began before this patch are named by the first characters of their run id, which encode the minute and
 * don't identify the run.
 */
const NAMED_BY_RUN = 'an-incident-is-named-by-its-run';
const NAME_CHARS = 8;

export const DECLARED_OVER = 'the incident was declared over';
const TRADES_AGAIN = 'the desk trades again';

type IncidentWorkflow = (input: IncidentInput) => Promise<IncidentProgress>;

/** Runs to its end and returns how it ended, in words. */
export type Playbook = (incident: IncidentRun) => Promise<string>;

export class IncidentRun implements OpenIncident {
  /**
   * Part of the ids of its questions and commands: the same in every run of this incident, different in the next
   * incident with this fingerprint.
   */
  readonly name: string;
  readonly log: IncidentLog;
  readonly timeline: Timeline;
  readonly people: Announcements;
  readonly approvals: Approvals;
  readonly look;
  readonly keep;
  /** Only the trader that the incident began with carries out what people agree to. */
  readonly #asked: AskedTrader;
  #woken = false;
  /** How often its subject has changed so far. */
  wakes = 0;
  /** The desk trades again, and that ends this incident, whatever steps are left. */
  tradesAgain = false;
  offersUnderWay = 0;

  constructor(readonly input: IncidentInput) {
    const { desk, carried, timing, incarnation } = input;
    this.name = carried?.name ?? nameOf(input);
    this.log = logOf(carried);
    this.approvals = new Approvals(desk, carried?.approvals ?? []);
    this.timeline = new Timeline(input, this.log);
    this.look = lookCalls(desk);
    this.keep = keepCalls(desk, timing.evidenceMs);
    this.people = new Announcements(input, this.log, this.timeline, this.keep);
    this.#asked = new AskedTrader(desk, carried?.incarnation ?? incarnation, carried?.named);
  }

  /** Runs a playbook step once, however often the playbook repeats; returns its finding. */
  async once(step: string, work: () => Promise<Finding>): Promise<string> {
    const { done } = this.log;
    const before = done[step];
    if (before !== undefined) return before;
    const startedMs = Date.now();
    const finding = await work().catch(
      (error: unknown): Finding => ({
        name: step,
        kind: 'check',
        verdict: 'not_run',
        observed: `could not be done: ${causeOf(error)}`,
        expected: 'an answer',
      }),
    );
    const found = finding.kept ?? finding.observed;
    const isWhole = found.length <= FOUND_MAX || (finding.kept !== undefined && patched(KEEPS_TERMS));
    const kept = isWhole ? found : found.slice(0, FOUND_MAX);
    done[step] = kept;
    this.timeline.record(finding, startedMs);
    return kept;
  }

  /**
   * Polls, at least every `everyMsMax`, until the playbook says how the incident ended or a person declares it over.
   */
  async watch(
    phase: string,
    ended: () => Promise<string | null>,
    everyMsMax = this.input.timing.lookMsMax,
  ): Promise<string> {
    const { timing } = this.input;
    let pauseMs = timing.lookMs;
    this.show(phase);
    for (;;) {
      const outcome = await ended().catch((error: unknown) => {
        this.show(`${phase} (no answer: ${causeOf(error)})`);
        return null;
      });
      if (outcome !== null) return outcome;
      const { resolved } = this.log;
      if (resolved !== null)
        return `${resolved.by} declared it over${resolved.note === '' ? '' : `: ${resolved.note}`}`;
      const early = await this.#pause(pauseMs);
      pauseMs = early ? timing.lookMs : Math.min(pauseMs * 2, timing.lookMsMax, everyMsMax);
    }
  }

  /**
   * Null while the trader doesn't answer. If the account has changed, only the trader named since answers.
   */
  async facts(): Promise<IncidentFacts | null> {
    const facts = await this.#read();
    if (facts !== null || !this.#asked.isAnother) return facts;
    this.#asked.turnToNamed();
    return this.#read();
  }

  /** Null until a trader is known. */
  get trader() {
    return this.#asked.calls;
  }

  get agreed() {
    const { desk, incarnation } = this.input;
    if (incarnation === null) throw new Error('no trader is known');
    return approvedCalls(desk, incarnation);
  }

  get identity() {
    return runIdentity(this.input.desk);
  }

  offer(what: Offer): Promise<void> {
    return offer(this, what);
  }

  patched(change: string): boolean {
    return patched(change);
  }

  async #read(): Promise<IncidentFacts | null> {
    if (this.trader === null) return null;
    try {
      const summary = 'How is the desk?';
      const facts = await this.trader.readIncidentFacts.executeWithOptions({ summary }, []);
      this.timeline.marketMs = facts.marketMs;
      return facts;
    } catch {
      return null;
    }
  }

  /** Why nothing that still waits for people is waited for any longer. Null: it is. */
  get overBecause(): string | null {
    if (this.log.resolved !== null) return DECLARED_OVER;
    return this.tradesAgain ? TRADES_AGAIN : null;
  }

  show(phase: string): void {
    this.log.phase = phase;
    showIncident(this.input, this.log);
  }

  /** True if a new run would resume everything under way. */
  get #isMovable(): boolean {
    const undecided = this.approvals.carriedOver().filter((open) => !isDecided(open));
    return allHandlersFinished() && this.timeline.trail.settled && undecided.length === this.offersUnderWay;
  }

  /** Ends the pause early, because the subject of the incident has changed. */
  wake(told?: LookAgain): void {
    this.#woken = true;
    this.wakes += 1;
    this.#asked.name(told);
  }

  /**
   * True if the run should continue as new. If it can't now, it does so at a later poll: the incident is watched even
   * without Postgres.
   */
  get shouldMove(): boolean {
    return workflowInfo().continueAsNewSuggested && this.#isMovable;
  }

  move(): Promise<never> {
    const { name, log, approvals } = this;
    const { incarnation, carriedOver: named } = this.#asked;
    const carried: IncidentCarried = {
      ...{ ...log, name, incarnation, ...named },
      approvals: approvals.carriedOver(),
    };
    return continueAsNew<IncidentWorkflow>({ ...this.input, carried });
  }

  /** Returns true if the pause ended early: by `wake`, or because a person declared the incident over. */
  async #pause(ms: number): Promise<boolean> {
    if (this.shouldMove) await this.move();
    const early = await condition(() => this.#woken || this.log.resolved !== null, ms);
    this.#woken = false;
    return early;
  }
}

/** Most time between two looks at the desk while its steps wait, which may be for days. */
const LOOK_MS_MAX = 10 * 60_000;
/** Stored in `done` with the mode in which the desk was seen not to trade. */
const STOOD = 'trading-stood';

/**
 * Looks at the desk while its steps run. The incident ends once the desk trades again: one about a desk that trades
 * all along has its steps carried out first.
 */
export class TradingWatch {
  #stopped = false;

  constructor(
    private readonly incident: IncidentRun,
    facts: IncidentFacts | null,
  ) {
    this.#note(facts);
    void this.#look();
  }

  stop(): void {
    this.#stopped = true;
  }

  async #look(): Promise<void> {
    const { incident } = this;
    const pause = { firstMs: incident.input.timing.lookMs, mostMs: LOOK_MS_MAX };
    const isOver = () => this.#stopped || incident.overBecause !== null;
    let seen = incident.wakes;
    for (let looks = 1; ; looks += 1) {
      await condition(() => isOver() || incident.wakes > seen, paced(backoffMs(looks, pause)));
      if (isOver()) return;
      if (incident.wakes > seen) looks = 0;
      seen = incident.wakes;
      this.#note(await incident.facts());
    }
  }

  #note(facts: IncidentFacts | null): void {
    const { done } = this.incident.log;
    if (facts === null || this.#stopped) return;
    if (facts.mode !== 'ACTIVE') done[STOOD] = facts.mode;
    else if (done[STOOD] !== undefined) this.incident.tradesAgain = true;
  }
}

/** In Temporal's run ids the first characters encode the time; only the last ones identify the run. */
function nameOf({ fingerprint, carried }: IncidentInput): string {
  const { firstExecutionRunId: run } = workflowInfo();
  const isNew = carried === null && patched(NAMED_BY_RUN);
  return `${fingerprint}:${isNew ? run.slice(-NAME_CHARS) : run.slice(0, NAME_CHARS)}`;
}

/**
 * Announces an incident to people. The incident's row is written at the same time, so that whoever is told
 * can look it up.
 */
export class Announcements {
  constructor(
    private readonly input: IncidentInput,
    private readonly log: IncidentLog,
    private readonly timeline: Timeline,
    private readonly calls: Pick<ActivityInterfaceFor<IncidentActivities>, 'announceIncident'>,
  ) {}

  /** Tells people once per key. Nothing waits for it. */
  tell(key: string, text?: string): void {
    this.log.revision += 1;
    this.timeline.trail.keep(
      `telling: ${key}`,
      this.calls.announceIncident.executeWithOptions({ summary: `Tell people: ${key}` }, [
        { incident: rowOf(this.input, this.log), key, text: text ?? null },
      ]),
    );
  }

  /** Sent at once instead of at the next escalation, because the problem won't go away by itself. */
  alarm(key: string, text: string): void {
    const { done } = this.log;
    if (done[`alarm:${key}`] !== undefined) return;
    done[`alarm:${key}`] = text.slice(0, 500);
    this.timeline.record({
      name: 'People were told',
      kind: 'report',
      verdict: 'fail',
      observed: text,
      expected: '—',
    });
    this.tell(`alarm-${key}`, text);
  }
}

/** The incident's row in Postgres, where people look it up. */
function rowOf(input: IncidentInput, log: IncidentLog): Omit<Incident, 'id'> {
  const { desk, fingerprint, kind, subject, severity, title, simulated, timing } = input;
  const { openedMs, phase, escalations, acknowledged, resolved, outcome, revision } = log;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const isOver = outcome !== null;
  return {
    desk,
    workflowId,
    firstRunId: firstExecutionRunId,
    fingerprint,
    kind,
    subject,
    severity,
    title,
    detail: log.reports[0]?.detail ?? '',
    state: stateOf(log),
    phase,
    openedMs,
    respondByMs: openedMs + timing.respondMs,
    escalations,
    acknowledgedMs: acknowledged?.atMs ?? null,
    acknowledgedBy: acknowledged?.by ?? null,
    resolvedMs: isOver ? Date.now() : null,
    resolvedBy: isOver ? (resolved?.by ?? 'fermata') : null,
    outcome: outcome ?? '',
    simulated,
    revision,
  };
}
