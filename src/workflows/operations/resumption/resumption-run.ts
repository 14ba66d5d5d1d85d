/** The state of one resumption: what was found, who decided, what it waits for, and the steps it is made of. */
import { condition, workflowInfo } from '@temporalio/workflow';
import type { TraderSituation } from '../../../activities/engine/read-situation.js';
import { isUnsealed } from '../../../domain/unsealed.js';
import type { Decision } from '../../../trader/protocol.js';
import type { StepEvidence, Verdict } from '../../evidence.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { causeOf, showPhase, showVerdict } from '../../show.js';
import { decisionCalls, recordCalls, traderCalls } from '../operations-calls.js';
import { lineOf, runSteps } from '../routine/run-steps.js';
import type { DecisionOutcome, ResumptionInput, ResumptionProgress } from './contract.js';
import { isDrawdown, readDrawdownEvidence, tellOfDrawdown } from './drawdown-evidence.js';

export class ResumptionRun {
  readonly trail: EvidenceTrail;
  private readonly engine;
  private accepted: Decision[];
  /** People whose decision is being verified: a second vote of theirs is refused meanwhile too. */
  private readonly voting = new Set<string>();
  private cycle: number;
  private pauseMs: number;
  private woken = false;
  private whyRecorded = false;
  private evidence: readonly string[] | null = null;
  private checksDone = false;
  private readonly lastVerdicts = new Map<string, Verdict>();
  private situation: TraderSituation | null = null;
  private state: ResumptionProgress['state'] = 'looking';
  private detail = 'looking at why trading stopped';

  constructor(private readonly input: ResumptionInput) {
    this.accepted = [...input.decisions];
    this.cycle = input.cycle;
    this.whyRecorded = input.cycle > 0;
    this.pauseMs = input.timing.retryMs;
    this.engine = traderCalls(input.desk, input.incarnation);
    this.trail = new EvidenceTrail(input.desk, recordCalls(input.desk, input.timing.evidenceMs));
  }

  get ended(): boolean {
    return this.state === 'armed' || this.state === 'superseded';
  }

  get checked(): boolean {
    return this.checksDone;
  }

  /** Decisions that still count; an expired one is dropped, and the person decides again. */
  get decisions(): readonly Decision[] {
    return this.accepted.filter(({ expiresWallMs }) => expiresWallMs > Date.now());
  }

  get progress(): ResumptionProgress {
    return {
      haltId: this.input.haltId,
      state: this.state,
      detail: this.detail,
      rule: this.situation?.rule ?? null,
      halts: this.situation?.halts ?? [],
      decidedBy: this.decisions.map(({ person }) => person),
      ...(this.evidence === null ? {} : { evidence: this.evidence }),
    };
  }

  /** Reads the trader; ends the run where the halt is no longer the one that arming has to quote. */
  async look(): Promise<TraderSituation> {
    const startedMs = Date.now();
    this.cycle += 1;
    const situation = await this.engine.readSituation.executeWithOptions({ summary: 'Why did it stop?' }, []);
    this.situation = situation;
    if (!this.whyRecorded) {
      this.whyRecorded = true;
      const causes = situation.halts.map(({ cause, by, reason }) => `${cause} (${by}): ${reason}`);
      this.record('why', 'Why trading stopped', 'report', 'pass', startedMs, {
        observed: causes.join('; ') || situation.reason,
        expected: `a halt with the rule it is lifted by: ${situation.rule ?? 'none'}`,
      });
    }
    if (situation.mode === 'ACTIVE') this.end('superseded', 'the desk trades: it was armed already');
    else if (situation.haltId !== this.input.haltId)
      this.end('superseded', 'a newer halt has taken its place');
    return situation;
  }

  /** Once, after a drawdown: why, by what figures, and which choice there is. */
  async showEvidence(situation: TraderSituation): Promise<void> {
    if (this.evidence !== null || !isDrawdown(situation)) return;
    const startedMs = Date.now();
    this.evidence = await readDrawdownEvidence(this.input);
    this.record('drawdown', 'Evidence for the decision', 'report', 'warn', startedMs, {
      observed: this.evidence.join('\n'),
      expected: 'a person decides, at full or smaller size',
    });
    await tellOfDrawdown(this.input, this.evidence);
  }

  /** The checks again; the names of those that stand in the way. */
  async check(): Promise<string[]> {
    const { steps, desk, simulated } = this.input;
    showPhase(`Resumption of ${desk}: checking again`, [this.situation?.reason ?? '']);
    const results = await runSteps(steps, {
      desk,
      routine: 'resumption',
      attemptGroup: this.cycle,
      marketMs: this.situation?.marketMs ?? null,
      simulated,
      trail: this.trail,
      onResult: () => {},
      worthRecording: ({ key, verdict }) => this.isNews(key, verdict),
    });
    this.checksDone = true;
    const blocking = new Set(
      steps.filter(({ onFail }) => onFail !== 'note' && onFail !== 'warn').map(({ key }) => key),
    );
    return results.filter(({ key, verdict }) => verdict === 'fail' && blocking.has(key)).map(lineOf);
  }

  /** Null when the books agree; else why not. */
  async reconcile(differences: readonly string[]): Promise<string | null> {
    const startedMs = Date.now();
    let problem: string | null = null;
    let observed: string;
    try {
      const command = this.command('reconcile', 'before arming');
      const outcome = await this.engine.reconcile.executeWithOptions(
        { summary: "Compare our book with the venue's" },
        [command],
      );
      observed = outcome.detail;
    } catch (error) {
      observed = [causeOf(error), ...differences].join('; ');
      problem = observed;
    }
    const verdict = problem === null ? 'pass' : 'fail';
    if (this.isNews('reconcile', verdict)) {
      const said = { observed, expected: 'no difference' };
      this.record('reconcile', "Our book and the venue's", 'check', verdict, startedMs, said);
    }
    return problem;
  }

  async arm(situation: TraderSituation, by: string): Promise<void> {
    const startedMs = Date.now();
    showPhase(`Resumption of ${this.input.desk}: arming`, [`decided by ${by}`]);
    const { commandId } = this.command('arm', '');
    const { decisions } = this;
    const said = {
      expected: 'the trader accepts the halt id and the decision',
      person: decisions[0]?.person ?? null,
    };
    try {
      const outcome = await this.engine.arm.executeWithOptions({ summary: `Arm, decided by ${by}` }, [
        {
          commandId,
          by,
          reason: `resumption after: ${situation.reason}`.slice(0, 500),
          haltId: this.input.haltId,
          configHash: situation.configHash,
          decisions,
        },
      ]);
      this.record('arm', 'Armed', 'decision', 'pass', startedMs, { observed: outcome.detail, ...said });
      this.end('armed', `armed, decided by ${by}`);
    } catch (error) {
      const observed = causeOf(error);
      // A decision counts once: refused, it is spent, and the person decides again.
      this.accepted = this.accepted.filter((decision) => !decisions.includes(decision));
      if (decisions.length > 0 || this.isNews('arm', 'fail')) {
        this.record('arm', 'Arming refused', 'decision', 'fail', startedMs, { observed, ...said });
      }
      this.waitFor(`the trader to accept arming: ${observed}`);
    }
  }

  /** Synchronous: what is wrong with a decision on its face. Throwing refuses the update; nothing is recorded. */
  refuseUnfit(decision: Decision): void {
    if (this.ended) throw new Error(`this resumption has ended: ${this.detail}`);
    if (isUnsealed(decision)) throw new Error('a decision in plain text counts for nothing');
    if (decision?.choice !== 'resume') throw new Error('expected the choice "resume"');
    if (decision.desk !== this.input.desk) throw new Error(`this is the desk ${this.input.desk}`);
    if (decision.subject !== this.input.haltId) throw new Error('the decision is about another halt');
    if (!(decision.expiresWallMs > Date.now())) throw new Error('the decision has expired');
    const voted =
      this.voting.has(decision.person) || this.decisions.some(({ person }) => person === decision.person);
    if (voted) throw new Error(`${decision.person} has decided already`);
  }

  /** Verifies the decision's origin, lets the procedure go on, and waits for what comes of it. */
  async decide(decision: Decision): Promise<DecisionOutcome> {
    const startedMs = Date.now();
    this.voting.add(decision.person);
    try {
      await decisionCalls(this.input.desk).verifyDecision.executeWithOptions(
        { summary: `Did ${decision.person} decide this?` },
        [decision],
      );
    } finally {
      this.voting.delete(decision.person);
    }
    this.accepted.push(decision);
    this.record(`decision:${decision.decisionId}`, 'A person decides', 'human', 'pass', startedMs, {
      observed: `${decision.person} (${decision.via}): ${decision.choice}${sizeOf(decision)}`,
      expected: 'a decision made by a person who was signed in',
      person: decision.person,
      reference: decision.decisionId,
    });
    this.state = 'looking';
    this.detail = `decided by ${decision.person}: checking again`;
    this.wake();
    await condition(() => this.state !== 'looking', this.input.timing.decisionWaitMs);
    const { state, detail } = this.progress;
    return { armed: state === 'armed', detail };
  }

  waitFor(what: string): void {
    // A decision that came during this look is not answered by what the look found before it.
    if (!this.woken) this.state = 'waiting';
    this.detail = `waits for ${what}`;
    showPhase(`Resumption of ${this.input.desk}: waiting`, [
      ...(this.evidence ?? []),
      `Why it stopped: ${this.situation?.reason ?? 'not known yet'}`,
      `Waits for: ${what}`,
    ]);
  }

  wake(): void {
    this.woken = true;
  }

  async pause(): Promise<void> {
    const { timing } = this.input;
    const early = await condition(() => this.woken, this.pauseMs);
    this.pauseMs = early ? timing.retryMs : Math.min(this.pauseMs * 2, timing.retryMsMax);
    this.woken = false;
  }

  carriedOver(): ResumptionInput {
    return { ...this.input, decisions: this.decisions, cycle: this.cycle };
  }

  private isNews(step: string, verdict: Verdict): boolean {
    const before = this.lastVerdicts.get(step);
    this.lastVerdicts.set(step, verdict);
    return before !== verdict;
  }

  private end(state: 'armed' | 'superseded', detail: string): void {
    this.state = state;
    this.detail = detail;
    showPhase(`Resumption of ${this.input.desk}: ${state}`, [detail]);
    showVerdict(state === 'armed' ? 'pass' : 'not_run');
  }

  private command(step: string, reason: string) {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    return {
      commandId: `${workflowId}:${firstExecutionRunId}:${step}:${this.cycle}`,
      by: 'resumption',
      reason,
    };
  }

  private record(
    stepKey: string,
    name: string,
    kind: StepEvidence['kind'],
    verdict: Verdict,
    startedMs: number,
    said: Pick<StepEvidence, 'observed' | 'expected'> & Partial<Pick<StepEvidence, 'person' | 'reference'>>,
  ): void {
    this.trail.add({
      routine: 'resumption',
      stepKey,
      attemptGroup: this.cycle,
      name,
      kind,
      verdict,
      startedMs,
      finishedMs: Date.now(),
      marketMs: this.situation?.marketMs ?? null,
      person: null,
      reference: this.input.haltId,
      simulated: this.input.simulated,
      ...said,
    });
  }
}

const sizeOf = ({ sizePct }: Decision): string => (sizePct === undefined ? '' : ` at ${sizePct} % size`);
