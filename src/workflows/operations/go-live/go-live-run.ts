/** The state of one attempt to go live, and how its steps are shown and kept. */
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Verdict } from '../../evidence.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { showPhase, stepLine } from '../../show.js';
import { Approvals } from '../approval.js';
import { recordCalls, traderCalls } from '../operations-calls.js';
import { goLiveCalls } from './calls.js';
import { type Carried, GO_LIVE_MESSAGES, type GoLiveInput, type GoLiveProgress } from './contract.js';

const progressQuery = defineQuery<GoLiveProgress>(GO_LIVE_MESSAGES.progress);

const SHOWN_MAX = 40;
const LINE_MAX = 200;

interface Finding {
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
}

export class GoLiveRun {
  readonly trail: EvidenceTrail;
  readonly engine;
  readonly calls;
  readonly records;
  readonly approvals: Approvals;
  progress: GoLiveProgress;
  /** The newest steps, as Temporal's UI shows them. */
  private readonly shown: string[];
  /** Wall time of the first arming. */
  liveSinceMs: number;

  constructor(readonly input: GoLiveInput) {
    const { desk, incarnation, evidenceMs, carried } = input;
    this.progress = {
      phase: carried === undefined ? 'pre-flight' : 'ramp',
      detail: 'looking at everything',
      size: carried?.size ?? null,
      nextAtMs: null,
    };
    this.shown = [...(carried?.shown ?? [])];
    this.liveSinceMs = carried?.liveSinceMs ?? 0;
    this.engine = traderCalls(desk, incarnation);
    this.calls = goLiveCalls(desk);
    this.records = recordCalls(desk, evidenceMs);
    this.trail = new EvidenceTrail(desk, this.records);
    this.approvals = new Approvals(desk);
    setHandler(progressQuery, () => this.progress);
  }

  carriedOver(step: number, watchesLeft: number): Carried {
    return {
      step,
      watchesLeft,
      liveSinceMs: this.liveSinceMs,
      size: this.progress.size,
      shown: [...this.shown],
    };
  }

  show(phase: GoLiveProgress['phase'], detail: string, nextAtMs: number | null = null): void {
    this.progress = { ...this.progress, phase, detail, nextAtMs };
    showPhase(`Going live, ${phase}`, [detail, ...this.shown]);
  }

  record(
    stepKey: string,
    name: string,
    { verdict, observed, expected }: Finding,
    startedMs: number,
    person: string | null = null,
  ): void {
    this.shown.push(stepLine(name, verdict, observed).slice(0, LINE_MAX));
    this.shown.splice(0, this.shown.length - SHOWN_MAX);
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
}
