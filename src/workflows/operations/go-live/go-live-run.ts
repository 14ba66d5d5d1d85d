/** One attempt to go live: its state, and the steps it is made of. Each leaves evidence. */
import { defineQuery, setHandler, sleep, workflowInfo } from '@temporalio/workflow';
import { type GoLiveProposal, goLiveTerms, type SizePlan } from '../../../domain/go-live.js';
import type { Decision } from '../../../trader/protocol.js';
import type { Verdict } from '../../evidence.js';
import { EvidenceTrail, runIdentity } from '../../evidence-trail.js';
import { causeOf, showPhase } from '../../show.js';
import { Approvals } from '../approval.js';
import type { ApprovalOutcome } from '../approval-contract.js';
import { recordCalls, traderCalls } from '../operations-calls.js';
import { goLiveCalls } from './calls.js';
import { GO_LIVE_MESSAGES, type GoLiveInput, type GoLiveProgress, type GoLiveResult } from './contract.js';
import { watchLive } from './watch-live.js';

const progressQuery = defineQuery<GoLiveProgress>(GO_LIVE_MESSAGES.progress);
/** A watch of months must not fill the workflow's history. */
const LOOKS_MAX = 500;
const TASK_LOOK_MS_MAX = 30_000;
const REMIND_APPROVERS_MS = 4 * 3_600_000;

export class GoLiveRun {
  readonly trail: EvidenceTrail;
  readonly engine;
  readonly calls;
  readonly records;
  progress: GoLiveProgress = {
    phase: 'pre-flight',
    detail: 'looking at everything',
    size: null,
    nextAtMs: null,
  };
  /** Wall time of the first arming. */
  liveSinceMs = 0;
  private readonly approvals: Approvals;
  private looks = 0;

  constructor(readonly input: GoLiveInput) {
    const { desk, incarnation, evidenceMs } = input;
    this.engine = traderCalls(desk, incarnation);
    this.calls = goLiveCalls(desk);
    this.records = recordCalls(desk, evidenceMs);
    this.trail = new EvidenceTrail(desk, this.records);
    this.approvals = new Approvals(desk);
    setHandler(progressQuery, () => this.progress);
  }

  /** What forbids going live; the person's review apart. */
  async preflight(): Promise<readonly string[]> {
    this.show('pre-flight', 'Looking at exchange, key, limits and the validation');
    return this.look('pre-flight', null);
  }

  private async look(routine: string, reviewedBy: string | null): Promise<readonly string[]> {
    const startedMs = Date.now();
    const seen = await this.calls.lookBeforeLive.executeWithOptions({ summary: 'Pre-flight' }, [reviewedBy]);
    for (const check of seen.checks) this.record(`${routine}.${check.key}`, check.title, check, startedMs);
    if (reviewedBy !== null) {
      for (const { key, title, done, observed, expected } of seen.checklist)
        this.record(
          `checklist.${key}`,
          title,
          { verdict: done ? 'pass' : 'fail', observed, expected },
          startedMs,
        );
    }
    this.figures = seen.figures;
    return seen.obstacles;
  }

  private figures = '';

  /** Who reviewed the report; null: nobody in time. */
  async review(): Promise<string | null> {
    const { desk, reviewMs } = this.input;
    const { workflowId, firstRunId } = runIdentity(desk);
    const startedMs = Date.now();
    this.show('review', `A person reviews the validation: ${this.figures}`, startedMs + reviewMs);
    const origin = {
      workflowId,
      firstRunId,
      routine: 'go-live',
      stepKey: 'review',
      simulated: this.input.simulated,
    };
    let task = await this.records.openTask({
      desk,
      source: `${workflowId}:${firstRunId}:review`,
      title: 'Review the validation report before real money',
      detail: `${this.figures}. Look at win rate, Sharpe and drawdown, and write what you found.`,
      dueMs: startedMs + reviewMs,
      origin,
    });
    while (task.state === 'open' && Date.now() < startedMs + reviewMs) {
      await sleep(Math.min(TASK_LOOK_MS_MAX, this.input.lookMs, startedMs + reviewMs - Date.now()));
      task = await this.records.readTask(desk, task.id);
    }
    return task.state === 'done' ? task.doneBy : null;
  }

  /** Approval, cooling-off, everything looked at again, and the trader's own yes. Null: it is live. */
  async begin(reviewer: string): Promise<string | null> {
    const { needed, coolingOffMs, start } = this.input;
    const facts = await this.engine.readLiveFacts.executeWithOptions({ summary: 'The newest halt' }, []);
    if (facts.haltId === null) return 'the desk is not halted: there is nothing to arm';
    const { haltId, configHash } = facts;
    const proposal = this.proposal(0, start, configHash, haltId);
    const approved = await this.ask(proposal, 'Trade real money');
    if (approved.state !== 'approved') return `not approved: ${approved.detail}`;
    if (needed < 2) await this.coolOff(approved.votes, coolingOffMs);
    const obstacles = await this.look('again', reviewer);
    if (obstacles.length > 0) return obstacles.join('; ');
    const problem = await this.grant(proposal, approved.votes);
    if (problem !== null) return `the trader refused: ${problem}`;
    this.liveSinceMs = Date.now();
    this.progress = { ...this.progress, size: start };
    await this.calls.moveGoLive(
      this.input,
      'live',
      `${start.maxPositionSizePct} %, ${start.maxConcurrentPositions} positions`,
    );
    return null;
  }

  private async coolOff(votes: readonly Decision[], coolingOffMs: number): Promise<void> {
    const untilMs = Math.max(...votes.map(({ atWallMs }) => atWallMs)) + coolingOffMs;
    this.show('cooling-off', 'One person decided alone: time for second thoughts', untilMs);
    if (untilMs > Date.now()) await sleep(untilMs - Date.now());
  }

  /** Null once the desk has traded cleanly for so long in one piece; else why it ended. */
  async untilStable(stableMs: number): Promise<string | null> {
    for (;;) {
      const lookMs = Math.max(this.input.lookMs, Math.ceil(stableMs / LOOKS_MAX));
      const watched = await watchLive(this, stableMs, lookMs, 'ramp');
      if (watched.ended !== null) return watched.ended;
      this.looks += 1;
      if (watched.problems.length === 0) return null;
      if (this.looks >= LOOKS_MAX) return 'it was never stable for long enough';
    }
  }

  /** Null where the larger size is in force. */
  async raise(
    step: number,
    { maxPositionSizePct, maxConcurrentPositions }: SizePlan,
  ): Promise<string | null> {
    const size = { maxPositionSizePct, maxConcurrentPositions };
    const { configHash } = await this.engine.readLiveFacts.executeWithOptions(
      { summary: 'As it is now' },
      [],
    );
    const proposal = this.proposal(step, size, configHash, null);
    const approved = await this.ask(proposal, `Size step ${step}`);
    if (approved.state !== 'approved') return approved.detail;
    if (this.input.needed < 2) await this.coolOff(approved.votes, this.input.coolingOffMs);
    const problem = await this.grant(proposal, approved.votes);
    if (problem === null) this.progress = { ...this.progress, size };
    return problem;
  }

  async close({ state, detail }: GoLiveResult): Promise<void> {
    this.show(state, detail);
    const verdict = state === 'completed' ? 'pass' : 'not_run';
    this.record(
      'end',
      'Going live',
      { verdict, observed: `${state}: ${detail}`, expected: 'every step taken' },
      Date.now(),
    );
    await this.calls.moveGoLive(this.input, state, detail.slice(0, 1000));
  }

  show(phase: GoLiveProgress['phase'], detail: string, nextAtMs: number | null = null): void {
    this.progress = { ...this.progress, phase, detail, nextAtMs };
    showPhase(`Going live, ${phase}`, [detail]);
  }

  record(
    stepKey: string,
    name: string,
    { verdict, observed, expected }: { verdict: Verdict; observed: string; expected: string },
    startedMs: number,
    person: string | null = null,
  ): void {
    this.trail.add({
      routine: 'go-live',
      stepKey,
      attemptGroup: 0,
      name,
      kind: person === null ? 'check' : 'decision',
      verdict,
      observed,
      expected,
      startedMs,
      finishedMs: Date.now(),
      marketMs: null,
      person,
      reference: workflowInfo().workflowId,
      simulated: this.input.simulated,
    });
  }

  private proposal(step: number, size: SizePlan, configHash: string, haltId: string | null): GoLiveProposal {
    const { release, attempt, incarnation } = this.input;
    return { release, attempt, step, incarnation, configHash, haltId, size };
  }

  private async ask(proposal: GoLiveProposal, title: string): Promise<ApprovalOutcome> {
    const { desk, needed, approvers, approvalMs, person, coolingOffMs } = this.input;
    const startedMs = Date.now();
    const answerMs = startedMs + approvalMs;
    this.show('approval', `${title}: ${needed} of ${approvers.join(', ')}`, answerMs);
    const outcome = await this.approvals.ask({
      desk,
      ...goLiveTerms(proposal),
      title: `${title} on ${desk}`,
      needed,
      roles: ['approver'],
      people: approvers,
      requestedBy: person,
      // A vote has to outlive the cooling-off that follows it.
      expiresMs: answerMs + (needed < 2 ? coolingOffMs : 0),
      remindEveryMs: REMIND_APPROVERS_MS,
      escalateAfterMs: null,
    });
    const people = outcome.votes.map((vote) => vote.person).join(', ');
    const verdict = outcome.state === 'approved' ? 'pass' : 'not_run';
    const expected = `${needed} of ${approvers.join(', ')} agree`;
    this.record(
      `approval.${proposal.step}`,
      title,
      { verdict, observed: outcome.detail, expected },
      startedMs,
      people,
    );
    return outcome;
  }

  /** Null where the trader took it. */
  private async grant(proposal: GoLiveProposal, decisions: readonly Decision[]): Promise<string | null> {
    const { person, reason } = this.input;
    const { firstExecutionRunId } = workflowInfo();
    try {
      const commandId = `golive:${firstExecutionRunId}:${proposal.step}`;
      await this.engine.goLive.executeWithOptions({ summary: `Go live, step ${proposal.step}` }, [
        { commandId, by: person, reason, proposal, decisions },
      ]);
      return null;
    } catch (error) {
      return causeOf(error);
    }
  }
}
