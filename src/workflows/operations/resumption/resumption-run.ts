/** The state of one resumption: what was found, who decided, and what it waits for. */
import { allHandlersFinished, condition, patched, workflowInfo } from '@temporalio/workflow';
import type { TraderSituation } from '../../../contracts/engine-activities.js';
import type { StepEvidence, Verdict } from '../../../contracts/evidence.js';
import type { ResumptionInput, ResumptionProgress } from '../../../contracts/resumption.js';
import type { Decision } from '../../../domain/decision.js';
import { causeOf } from '../../../domain/message-of.js';
import type { ResumeRule } from '../../../domain/mode.js';
import { CANCEL_ASKED, tellCancelled } from '../../cancellation.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { showPhase, showVerdict } from '../../show.js';
import { AskedTrader, approvedCalls, decisionCalls, recordCalls, traderCalls } from '../operations-calls.js';

type Finding = Pick<StepEvidence, 'stepKey' | 'name' | 'kind' | 'verdict' | 'observed' | 'expected'> &
  Partial<Pick<StepEvidence, 'person' | 'reference'>>;

/**
 * Records what one resumption saw and did, as evidence. A repeated step is recorded only if its verdict
 * changed.
 */
class Findings {
  readonly trail: EvidenceTrail;
  readonly #lastVerdicts = new Map<string, Verdict>();

  constructor(private readonly input: ResumptionInput) {
    this.trail = new EvidenceTrail(input.desk, recordCalls(input.desk, input.timing.evidenceMs));
  }

  /** `at.cycle` distinguishes repetitions of the same step. */
  add(
    at: { readonly startedMs: number; readonly cycle: number; readonly marketMs: number | null },
    said: Finding,
  ): void {
    this.trail.add({
      routine: 'resumption',
      attemptGroup: at.cycle,
      startedMs: at.startedMs,
      finishedMs: Date.now(),
      marketMs: at.marketMs,
      person: null,
      reference: this.input.haltId,
      simulated: this.input.simulated,
      ...said,
    });
  }

  isNews(step: string, verdict: Verdict): boolean {
    const before = this.#lastVerdicts.get(step);
    this.#lastVerdicts.set(step, verdict);
    return before !== verdict;
  }
}

const FAILED_RETRY_MS_MAX = 60_000;
/** Runs that began before this patch hold back only themselves: the resumption of a later halt may arm by a rule. */
const HALTS_ANEW = 'a-cancelled-resumption-halts-for-a-person';
const BY_PEOPLE: readonly unknown[] = ['person', 'two-people'] satisfies ResumeRule[];
const END_STAYS = 'a-decision-after-the-end-of-a-resumption-changes-nothing';

export class ResumptionRun {
  readonly findings: Findings;
  readonly engine;
  /**
   * If another trader is named and this run's own doesn't answer, its halt went with the previous account.
   */
  readonly asked: AskedTrader;
  /** Counts the passes, including those of earlier runs. */
  cycle: number;
  situation: TraderSituation | null = null;
  /** Facts for the person who decides; set only after a drawdown. */
  evidence: readonly string[] | null;
  /** True once the reason for the halt is on record. */
  isExplained: boolean;
  /** The checks have run at least once. */
  isChecked = false;
  /** True once no rule may arm the desk any more. */
  held: boolean;
  state: ResumptionProgress['state'] = 'looking';
  detail = 'looking at why trading stopped';
  #accepted: readonly Decision[];
  #spent: readonly string[];
  #pauseMs: number;
  #woken = false;
  #failed = false;
  /** A decision arrived that the current pass doesn't know of. */
  #unheard = false;

  constructor(readonly input: ResumptionInput) {
    this.#accepted = input.decisions;
    this.#spent = input.spent ?? [];
    this.cycle = input.cycle;
    this.held = input.held ?? false;
    this.isExplained = input.cycle > 0;
    this.evidence = input.evidence ?? null;
    this.#pauseMs = input.timing.retryMs;
    this.engine = traderCalls(input.desk, input.incarnation);
    this.asked = new AskedTrader(input.desk, input.incarnation, input.named);
    this.findings = new Findings(input);
  }

  get ended(): boolean {
    return this.state === 'armed' || this.state === 'superseded';
  }

  /** True if continue-as-new would lose nothing now. */
  get settled(): boolean {
    return allHandlersFinished() && this.findings.trail.settled;
  }

  /** Decisions that still count. An expired one is dropped, and the person decides again. */
  get decisions(): readonly Decision[] {
    return this.#accepted.filter(({ expiresWallMs }) => expiresWallMs > Date.now());
  }

  /** Takes the decisions that this pass acts on: its result answers everybody who has decided so far. */
  takeDecisions(): readonly Decision[] {
    this.#unheard = false;
    return this.decisions;
  }

  get progress(): ResumptionProgress {
    return {
      haltId: this.input.haltId,
      state: this.state,
      detail: this.detail,
      rule: this.situation?.rule ?? null,
      halts: this.situation?.halts ?? [],
      decidedBy: this.decisions.map(({ person }) => person),
      decisions: this.decisions.map(({ person, sizePct, expiresWallMs }) => ({
        ...{ person, expiresWallMs },
        ...(sizePct === undefined ? {} : { sizePct }),
      })),
      ...(this.evidence === null ? {} : { evidence: this.evidence }),
    };
  }

  /**
   * Starts a full new pass for this decision: no earlier finding answers the person. It takes the place of an earlier
   * one by the same person, whose size and reason count no more.
   */
  accept(decision: Decision): void {
    // The run ended while the decision was being verified: there is no further pass, and the end answers the person.
    if (this.ended && patched(END_STAYS)) return;
    this.spend(this.#accepted.filter(({ person }) => person === decision.person));
    this.#accepted = [...this.#accepted, decision];
    this.#unheard = true;
    this.state = 'looking';
    this.detail = `decided by ${decision.person}: checking again`;
    this.wake();
  }

  /** A decision counts once, even if somebody copies it out of Temporal and sends it again. */
  spend(decisions: readonly Decision[]): void {
    this.#accepted = this.#accepted.filter((decision) => !decisions.includes(decision));
    this.#spent = [...this.#spent, ...decisions.map(({ decisionId }) => decisionId)];
  }

  isSpent({ decisionId }: Decision): boolean {
    return this.#spent.includes(decisionId);
  }

  /** Whether this very decision may still arm the desk. */
  counts({ decisionId }: Decision): boolean {
    return !this.ended && this.decisions.some((decision) => decision.decisionId === decisionId);
  }

  /** The pass itself failed: no signal announces when the next one would succeed. */
  waitAfterFailure(why: string): void {
    this.#failed = true;
    this.waitFor(`the trader to answer (${why})`);
  }

  waitFor(what: string): void {
    // A decision that arrived during this pass is not answered by earlier findings.
    if (this.#unheard) return;
    this.state = 'waiting';
    this.detail = `waits for ${what}`;
    showPhase(`Resumption of ${this.input.desk}: waiting`, [
      ...(this.evidence ?? []),
      `Why it stopped: ${this.situation?.reason ?? 'not known yet'}`,
      `Waits for: ${what}`,
    ]);
  }

  end(state: 'armed' | 'superseded', detail: string): void {
    this.state = state;
    this.detail = detail;
    showPhase(`Resumption of ${this.input.desk}: ${state}`, [detail]);
    showVerdict(state === 'armed' ? 'pass' : 'not_run');
  }

  /** A cancelled resumption must not arm by itself. */
  hold(): void {
    if (this.ended) return;
    this.held = true;
    const text = 'The desk stays halted until a person decides: no rule lifts this halt any more.';
    this.record(Date.now(), {
      stepKey: 'cancelled',
      name: 'Cancelled',
      kind: 'report',
      verdict: 'warn',
      observed: `${CANCEL_ASKED}. ${text}`,
      expected: 'a person decides',
    });
    const { desk, timing } = this.input;
    const cancelled = { desk, what: 'a resumption', severity: 'warning', text } as const;
    tellCancelled(this.findings.trail, recordCalls(desk, timing.evidenceMs), cancelled);
    if (!BY_PEOPLE.includes(this.situation?.rule) && patched(HALTS_ANEW))
      this.findings.trail.keep('halting until a person decides', this.#haltForPerson());
    this.wake();
  }

  /** This run ends with its halt; the trader retains the request, whatever halts follow. */
  async #haltForPerson(): Promise<void> {
    const { desk, incarnation } = this.input;
    const startedMs = Date.now();
    const said = { stepKey: 'halted', name: 'Halted until a person decides', kind: 'action' } as const;
    const expected = 'no rule lifts it, whatever halts come after it';
    const command = this.command('hold', `its resumption was cancelled: ${CANCEL_ASKED}`);
    try {
      const { detail } = await approvedCalls(desk, incarnation).sendHalt.executeWithOptions(
        { summary: 'Halt until a person decides' },
        [{ ...command, cause: 'check-failed', resume: 'person' }],
      );
      this.record(startedMs, { ...said, verdict: 'pass', observed: detail, expected });
    } catch (error) {
      const observed = `${desk} could not be halted until a person decides (${causeOf(error)}): a rule may arm it after another halt. Stop trading.`;
      this.record(startedMs, { ...said, verdict: 'fail', observed, expected });
      const summary = 'Alarm: not halted until a person decides';
      await decisionCalls(desk).raiseAlarm.executeWithOptions({ summary }, [{ desk, text: observed }]);
    }
  }

  wake(): void {
    this.#woken = true;
  }

  async pause(): Promise<void> {
    const { timing } = this.input;
    const pauseMs = this.#failed ? Math.min(this.#pauseMs, FAILED_RETRY_MS_MAX) : this.#pauseMs;
    this.#failed = false;
    const early = await condition(() => this.#woken, pauseMs);
    this.#pauseMs = early ? timing.retryMs : Math.min(pauseMs * 2, timing.retryMsMax);
    this.#woken = false;
  }

  carriedOver(): ResumptionInput {
    const { decisions, cycle, evidence, held } = this;
    const kept = { ...(evidence === null ? {} : { evidence }), ...(held ? { held } : {}) };
    return { ...this.input, decisions, spent: this.#spent, cycle, ...kept, ...this.asked.carriedOver };
  }

  command(step: string, reason: string) {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    return {
      commandId: `${workflowId}:${firstExecutionRunId}:${step}:${this.cycle}`,
      by: 'resumption',
      reason,
    };
  }

  record(startedMs: number, finding: Finding): void {
    const marketMs = this.situation?.marketMs ?? null;
    this.findings.add({ startedMs, cycle: this.cycle, marketMs }, finding);
  }
}
