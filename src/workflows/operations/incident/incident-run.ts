/** The state of one incident: who was told, who has answered, what the playbook has done, and how it ended. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { IncidentFacts } from '../../../activities/engine/read-incident-facts.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import type { Incident, IncidentState } from '../../../store/incidents.js';
import type { StepEvidence } from '../../evidence.js';
import { EvidenceTrail, runIdentity } from '../../evidence-trail.js';
import { causeOf, showPhase, showVerdict } from '../../show.js';
import { Approvals } from '../approval.js';
import { decisionCalls, recordCalls, traderCalls } from '../operations-calls.js';
import { keepCalls, lookCalls } from './calls.js';
import {
  type Answered,
  type IncidentAnswer,
  type IncidentInput,
  type IncidentProgress,
  type IncidentReport,
  REPORTS_MAX,
} from './contract.js';
import type { incident } from './incident.js';

type Finding = Pick<StepEvidence, 'name' | 'kind' | 'verdict' | 'observed' | 'expected'> &
  Partial<Pick<StepEvidence, 'person' | 'reference'>>;

export class IncidentRun {
  readonly approvals: Approvals;
  readonly trader;
  readonly look;
  private readonly trail: EvidenceTrail;
  private readonly keep;
  private readonly reports: IncidentReport[];
  private readonly done: Record<string, string>;
  private readonly openedMs: number;
  private escalations: number;
  private acknowledged: Answered | null;
  private resolved: Answered | null = null;
  private outcome: string | null = null;
  private phase = 'beginning';
  private revision: number;
  /** Numbers what is recorded, so that a timeline has one order. */
  private sequence: number;
  private marketMs: number | null = null;

  constructor(readonly input: IncidentInput) {
    const { desk, carried, timing, incarnation } = input;
    this.reports = [...(carried?.reports ?? [])];
    this.done = { ...carried?.done };
    this.openedMs = carried?.openedMs ?? Date.now();
    this.escalations = carried?.escalations ?? 0;
    this.acknowledged = carried?.acknowledged ?? null;
    this.revision = carried?.revision ?? 0;
    this.sequence = carried?.sequence ?? 0;
    this.approvals = new Approvals(desk, carried?.approvals ?? []);
    this.trail = new EvidenceTrail(desk, recordCalls(desk, timing.evidenceMs));
    this.look = lookCalls(desk);
    this.keep = keepCalls(desk, timing.evidenceMs);
    this.trader = incarnation === null ? null : traderCalls(desk, incarnation);
  }

  get isReported(): boolean {
    return this.reports.length > 0;
  }

  get settled(): boolean {
    return this.trail.settled;
  }

  /** A person has said that it is over. */
  get isResolved(): boolean {
    return this.resolved !== null;
  }

  get name(): string {
    return `${this.input.fingerprint}:${workflowInfo().firstExecutionRunId.slice(0, 8)}`;
  }

  get progress(): IncidentProgress {
    return {
      state: this.state,
      phase: this.phase,
      reports: this.reports.length,
      escalations: this.escalations,
      acknowledgedBy: this.acknowledged?.by ?? null,
      outcome: this.outcome,
    };
  }

  open(): void {
    if (this.input.carried !== null) return;
    this.record({
      name: 'Opened',
      kind: 'report',
      verdict: 'fail',
      observed: this.reports[0]?.detail ?? this.input.title,
      expected: `a person answers within ${minutes(this.input.timing.respondMs)}`,
      reference: this.reports[0]?.key ?? null,
    });
    this.tell('opened');
  }

  /** Reminds, and tells more people each time, until somebody has answered or it is over. */
  async climbLadder(): Promise<void> {
    const { respondMs, escalateMs } = this.input.timing;
    const rungs = [respondMs, ...escalateMs];
    const isAnswered = () => this.acknowledged !== null || this.outcome !== null;
    while (this.escalations < rungs.length) {
      const dueMs = this.openedMs + (rungs[this.escalations] ?? 0);
      if (await condition(isAnswered, Math.max(1, dueMs - Date.now()))) return;
      this.escalations += 1;
      this.record({
        name: this.escalations === 1 ? 'Reminder' : `Escalation ${this.escalations - 1}`,
        kind: 'report',
        verdict: 'warn',
        observed: `nobody has acknowledged it for ${minutes(Date.now() - this.openedMs)}`,
        expected: 'a person answers',
      });
      this.tell(`escalation-${this.escalations}`);
    }
  }

  /** Synchronous; throwing refuses the update. */
  refuseReport(report: IncidentReport): void {
    if (isUnsealed(report)) throw new Error('a report in plain text counts for nothing');
    if (typeof report?.key !== 'string' || report.key === '' || typeof report.detail !== 'string')
      throw new Error('expected {key, source, detail, atMs}');
    if (this.outcome !== null) throw new Error('the incident is over');
  }

  take(report: IncidentReport): IncidentProgress {
    const known = this.reports.some(({ key }) => key === report.key);
    if (!known && this.reports.length < REPORTS_MAX) {
      const isFirst = this.reports.length === 0;
      this.reports.push(report);
      if (!isFirst) {
        this.record({
          name: 'Seen again',
          kind: 'report',
          verdict: 'warn',
          observed: `${report.source}: ${report.detail}`,
          expected: 'nothing more',
          reference: report.key,
        });
      }
    }
    return this.progress;
  }

  /** Synchronous: what is wrong with a person's answer on its face. */
  refuseAnswer(choice: 'acknowledge' | 'resolve', answer: IncidentAnswer): void {
    if (isUnsealed(answer)) throw new Error('an answer in plain text counts for nothing');
    const { decision } = answer;
    if (this.outcome !== null || this.resolved !== null) throw new Error('the incident is over');
    if (choice === 'acknowledge' && this.acknowledged !== null)
      throw new Error(`${this.acknowledged.by} has acknowledged it already`);
    if (decision?.choice !== choice) throw new Error(`expected the choice "${choice}"`);
    if (decision.desk !== this.input.desk) throw new Error(`this is the desk ${this.input.desk}`);
    if (decision.subject !== workflowInfo().firstExecutionRunId)
      throw new Error('the decision is about another incident');
    if (!(decision.expiresWallMs > Date.now())) throw new Error('the decision has expired');
  }

  async acknowledge({ decision, note }: IncidentAnswer): Promise<IncidentProgress> {
    await this.verify(decision);
    if (this.acknowledged !== null) return this.progress;
    this.acknowledged = { by: decision.person, via: decision.via, note, atMs: Date.now() };
    this.recordAnswer('Acknowledged', decision, note);
    this.tell('acknowledged');
    return this.progress;
  }

  async resolveByPerson({ decision, note }: IncidentAnswer): Promise<IncidentProgress> {
    await this.verify(decision);
    if (this.resolved !== null || this.outcome !== null) return this.progress;
    this.resolved = { by: decision.person, via: decision.via, note, atMs: Date.now() };
    this.acknowledged ??= this.resolved;
    this.recordAnswer('Declared over', decision, note);
    return this.progress;
  }

  /** A step of the playbook that is done once, whatever is repeated; gives what it found. */
  async once(step: string, work: () => Promise<Finding>): Promise<string> {
    const found = this.done[step];
    if (found !== undefined) return found;
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
    this.done[step] = finding.observed.slice(0, 500);
    this.record(finding, startedMs);
    return this.done[step];
  }

  /** Looks until the playbook says how it ended, or a person says that it is over. */
  async watch(phase: string, ended: () => Promise<string | null>): Promise<string> {
    let pauseMs = this.input.timing.lookMs;
    this.show(phase);
    for (;;) {
      const outcome = await ended().catch((error: unknown) => {
        this.show(`${phase} (no answer: ${causeOf(error)})`);
        return null;
      });
      if (outcome !== null) return outcome;
      if (this.resolved !== null) return `${this.resolved.by} declared it over: ${this.resolved.note}`;
      await this.pause(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, this.input.timing.lookMsMax);
    }
  }

  /** Null while the trader does not answer. */
  async facts(): Promise<IncidentFacts | null> {
    if (this.trader === null) return null;
    try {
      const facts = await this.trader.readIncidentFacts.executeWithOptions(
        { summary: 'How is the desk?' },
        [],
      );
      this.marketMs = facts.marketMs;
      return facts;
    } catch {
      return null;
    }
  }

  record(finding: Finding, startedMs = Date.now()): void {
    this.sequence += 1;
    this.trail.add({
      routine: 'incident',
      stepKey: `${String(this.sequence).padStart(4, '0')}`,
      attemptGroup: 0,
      startedMs,
      finishedMs: Date.now(),
      marketMs: this.marketMs,
      person: null,
      reference: null,
      simulated: this.input.simulated,
      ...finding,
    });
  }

  /** Told at once, not at the next rung: it does not get better by itself. */
  alarm(key: string, text: string): void {
    if (this.done[`alarm:${key}`] !== undefined) return;
    this.done[`alarm:${key}`] = text.slice(0, 500);
    this.record({ name: 'People were told', kind: 'report', verdict: 'fail', observed: text, expected: '—' });
    this.tell(`alarm-${key}`, text);
  }

  /** Keeps the last lines of a process's log; gives how many. */
  keepLog(role: string, lines: number): Promise<{ readonly lines: number; readonly sha256: string }> {
    return this.keep.keepLogLines.executeWithOptions({ summary: `The last ${lines} lines of ${role}` }, [
      { ...runIdentity(this.input.desk), role, lines },
    ]);
  }

  show(phase: string): void {
    this.phase = phase;
    showPhase(`${this.input.title}: ${phase}`, [
      this.reports[0]?.detail ?? '',
      this.acknowledged ? `Acknowledged by ${this.acknowledged.by}` : 'Nobody has acknowledged it yet',
    ]);
  }

  close(outcome: string): void {
    this.outcome = outcome;
    this.show(outcome);
    this.record({
      name: 'Over',
      kind: 'report',
      verdict: 'pass',
      observed: outcome,
      expected: 'the cause is gone, or a person says that it is over',
      person: this.resolved?.by ?? null,
    });
    showVerdict('pass');
    this.tell('resolved');
  }

  askForReview(): void {
    const { desk, title, timing, fingerprint } = this.input;
    this.trail.keep(
      'asking for the review',
      this.keep.askForReview.executeWithOptions({ summary: 'Ask a person to look back on it' }, [
        {
          run: runIdentity(desk),
          fingerprint,
          title,
          detail: `${this.reports[0]?.detail ?? ''} It ended: ${this.outcome}`,
          dueMs: Date.now() + timing.reviewMs,
          simulated: this.input.simulated,
        },
      ]),
    );
  }

  private get state(): IncidentState {
    if (this.outcome !== null) return 'resolved';
    return this.acknowledged === null ? 'open' : 'acknowledged';
  }

  private async pause(ms: number): Promise<void> {
    if (workflowInfo().continueAsNewSuggested) {
      await condition(() => allHandlersFinished() && this.settled);
      await continueAsNew<typeof incident>(this.carriedOver());
    }
    await condition(() => this.resolved !== null, ms);
  }

  private carriedOver(): IncidentInput {
    const { openedMs, reports, done, escalations, acknowledged, revision, sequence } = this;
    const approvals = this.approvals.carriedOver();
    const carried = { openedMs, reports, done, escalations, acknowledged, revision, sequence, approvals };
    return { ...this.input, carried };
  }

  private async verify(decision: IncidentAnswer['decision']): Promise<void> {
    await decisionCalls(this.input.desk).verifyDecision.executeWithOptions(
      { summary: `Did ${decision.person} answer?` },
      [decision],
    );
  }

  private recordAnswer(name: string, decision: IncidentAnswer['decision'], note: string): void {
    this.record({
      name,
      kind: 'human',
      verdict: 'pass',
      observed: `${decision.person} (${decision.via})${note === '' ? '' : `: ${note}`}`,
      expected: 'a person who was signed in',
      person: decision.person,
      reference: decision.decisionId,
    });
  }

  /** The row is written with it: whoever is told can look it up. */
  private tell(key: string, text?: string): void {
    this.revision += 1;
    this.trail.keep(
      `telling: ${key}`,
      this.keep.announceIncident.executeWithOptions({ summary: `Tell people: ${key}` }, [
        { incident: this.row(), key, text: text ?? null },
      ]),
    );
  }

  private row(): Omit<Incident, 'id'> {
    const { desk, fingerprint, kind, subject, severity, title, simulated, timing } = this.input;
    const { workflowId, firstExecutionRunId } = workflowInfo();
    const isOver = this.outcome !== null;
    return {
      desk,
      workflowId,
      firstRunId: firstExecutionRunId,
      fingerprint,
      kind,
      subject,
      severity,
      title,
      detail: this.reports[0]?.detail ?? '',
      state: this.state,
      phase: this.phase,
      openedMs: this.openedMs,
      respondByMs: this.openedMs + timing.respondMs,
      escalations: this.escalations,
      acknowledgedMs: this.acknowledged?.atMs ?? null,
      acknowledgedBy: this.acknowledged?.by ?? null,
      resolvedMs: isOver ? Date.now() : null,
      resolvedBy: isOver ? (this.resolved?.by ?? 'fermata') : null,
      outcome: this.outcome ?? '',
      simulated,
      revision: this.revision,
    };
  }
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
