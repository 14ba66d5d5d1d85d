/** One incident as its playbook has it: steps that are done once, and looking until it is over. */
import { allHandlersFinished, condition, continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import type { IncidentFacts } from '../../../contracts/engine-activities.js';
import type { IncidentCarried, IncidentInput, IncidentProgress } from '../../../contracts/incident.js';
import { causeOf } from '../../../domain/cause-of.js';
import { Approvals } from '../approval.js';
import { isDecided } from '../approval-state.js';
import { traderCalls } from '../operations-calls.js';
import { Announcements } from './announcements.js';
import { keepCalls, lookCalls } from './calls.js';
import { type Course, courseOf, type Finding } from './course.js';
import { showIncident, Timeline } from './timeline.js';

/** What a step found goes through continue-as-new. */
const FOUND_MAX = 2_000;

/** Runs that began before that are named by the first characters of their id, which tell the minute and not the run. */
const NAMED_BY_RUN = 'an-incident-is-named-by-its-run';
const NAME_CHARS = 8;

type Incident = (input: IncidentInput) => Promise<IncidentProgress>;

export class IncidentRun {
  /** Of its questions and commands: the same in every run of it; the next incident of this fingerprint has another. */
  readonly name: string;
  readonly course: Course;
  readonly timeline: Timeline;
  readonly people: Announcements;
  readonly approvals: Approvals;
  readonly look;
  readonly keep;
  /** Null: none was known when it was opened. */
  readonly trader;

  private woken = false;
  /** Each has one open question, or its answer is being carried out. */
  offersUnderWay = 0;

  constructor(readonly input: IncidentInput) {
    const { desk, carried, timing, incarnation } = input;
    this.name = carried?.name ?? nameOf(input);
    this.course = courseOf(carried);
    this.approvals = new Approvals(desk, carried?.approvals ?? []);
    this.timeline = new Timeline(input, this.course);
    this.look = lookCalls(desk);
    this.keep = keepCalls(desk, timing.evidenceMs);
    this.people = new Announcements(input, this.course, this.timeline, this.keep);
    this.trader = incarnation === null ? null : traderCalls(desk, incarnation);
  }

  /** A step of the playbook that is done once, whatever is repeated; gives what it found. */
  async once(step: string, work: () => Promise<Finding>): Promise<string> {
    const { done } = this.course;
    const found = done[step];
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
    const observed = finding.observed.slice(0, FOUND_MAX);
    done[step] = observed;
    this.timeline.record(finding, startedMs);
    return observed;
  }

  /** Looks until the playbook says how it ended, or a person says that it is over; at least every `everyMsMax`. */
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
      const { resolved } = this.course;
      if (resolved !== null)
        return `${resolved.by} declared it over${resolved.note === '' ? '' : `: ${resolved.note}`}`;
      const early = await this.pause(pauseMs);
      pauseMs = early ? timing.lookMs : Math.min(pauseMs * 2, timing.lookMsMax, everyMsMax);
    }
  }

  /** Null while the trader does not answer. */
  async facts(): Promise<IncidentFacts | null> {
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

  show(phase: string): void {
    this.course.phase = phase;
    showIncident(this.input, this.course);
  }

  /** Nothing is under way that a new run would not take up again. */
  private get isMovable(): boolean {
    const undecided = this.approvals.carriedOver().filter((open) => !isDecided(open));
    return allHandlersFinished() && this.timeline.trail.settled && undecided.length === this.offersUnderWay;
  }

  /** What it is about has changed. */
  wake(): void {
    this.woken = true;
  }

  /** True: somebody woke it. */
  private async pause(ms: number): Promise<boolean> {
    // Otherwise at the next look: whatever Postgres does, the incident is looked at.
    if (workflowInfo().continueAsNewSuggested && this.isMovable) {
      const { name, course, approvals } = this;
      const carried: IncidentCarried = { ...course, name, approvals: approvals.carriedOver() };
      await continueAsNew<Incident>({ ...this.input, carried });
    }
    const early = await condition(() => this.woken || this.course.resolved !== null, ms);
    this.woken = false;
    return early;
  }
}

/** Of a run id as Temporal makes them, the first characters are the time: only the last are its own. */
function nameOf({ fingerprint, carried }: IncidentInput): string {
  const { firstExecutionRunId: run } = workflowInfo();
  const isNew = carried === null && patched(NAMED_BY_RUN);
  return `${fingerprint}:${isNew ? run.slice(-NAME_CHARS) : run.slice(0, NAME_CHARS)}`;
}
