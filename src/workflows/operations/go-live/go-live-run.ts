/** The state of one attempt to go live, and how its steps are shown and recorded. */

import {
  defineQuery,
  defineUpdate,
  patched,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Verdict } from '../../../contracts/evidence.js';
import {
  type Carried,
  type CleanHours,
  GO_LIVE_MESSAGES,
  type GoLiveActivities,
  type GoLiveInput,
  type GoLiveProgress,
  type NextSize,
} from '../../../contracts/go-live.js';
import { woken } from '../../../contracts/notice.js';
import { operationsQueue } from '../../../contracts/queues.js';
import type { SizePlan } from '../../../domain/go-live-terms.js';
import { CANCEL_ASKED, onCancelRequest, tellCancelled } from '../../cancellation.js';
import { EvidenceTrail } from '../../evidence-trail.js';
import { showPhase, stepLine } from '../../show.js';
import { Approvals } from '../approval.js';
import { recordCalls, traderCalls } from '../operations-calls.js';

const progressQuery = defineQuery<GoLiveProgress>(GO_LIVE_MESSAGES.progress);
/** An update: a run of an earlier build refuses it, where a signal that it does not know would alarm people. */
const revokedUpdate = defineUpdate<void>(GO_LIVE_MESSAGES.revoked);

const REVOKED = 'the permission was taken back: fermata go-live --revoke';
const CANCELLED_LIVE =
  'The desk goes on trading real money at its present size and is watched for as long as it may; nothing larger is asked for.';
/** Runs that began before this patch watch only once Postgres has recorded that they are live. */
const WATCHED_AT_ONCE = 'a-live-desk-is-watched-at-once';
const OVER: ReadonlySet<string> = new Set(['completed', 'refused', 'ended']);
const SHOWN_MAX = 40;
const LINE_MAX = 200;

type Finding = Readonly<{ verdict: Verdict; observed: string; expected: string }>;

export class GoLiveRun {
  readonly trail: EvidenceTrail;
  readonly engine;
  readonly calls;
  readonly records;
  readonly approvals: Approvals;
  progress: GoLiveProgress;
  /** The newest steps, as Temporal's UI shows them. */
  readonly #shown: string[];
  /** Somebody cancelled the run. */
  cancelled: boolean;
  /** Why it ends as refused where it was cancelled before anything was armed. */
  cancelledWhy = `cancelled: ${CANCEL_ASKED}`;
  /** Somebody took the permission back, or the desk is another than before: the trader is asked at once. */
  looksNow = false;
  /** The permission ended while people were asked for a larger size. */
  permissionEnded = false;
  /** How often a question for the size after the one in force did not lead to it. */
  questions = 0;
  /** Why the question that is open is over: the desk is not any more as people were asked about it. */
  interrupted: string | null = null;
  /** The permission was requested from the trader: the desk may be live before this run hears of it. */
  isGranting = false;
  /** What people have approved, until it is in force. */
  approved: string | null = null;
  /** Wall time of the first arming; of the reset if the run was reset while live; 0 before. */
  liveSinceMs: number;

  constructor(readonly input: GoLiveInput) {
    const { desk, incarnation, evidenceMs, carried } = input;
    this.progress = {
      phase: carried === undefined ? 'pre-flight' : 'ramp',
      detail: 'looking at everything',
      size: carried?.size ?? null,
      nextAtMs: null,
    };
    this.#shown = [...(carried?.shown ?? [])];
    this.liveSinceMs = carried?.liveSinceMs ?? 0;
    this.questions = carried?.questions ?? 0;
    this.cancelled = carried?.cancelled ?? false;
    this.engine = traderCalls(desk, incarnation);
    // These query the exchange, read the ledger and write the attempt's row.
    this.calls = proxyActivities<GoLiveActivities>({
      taskQueue: operationsQueue(desk),
      startToCloseTimeout: '1 minute',
      scheduleToCloseTimeout: '1 hour',
      retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
    });
    this.records = recordCalls(desk, evidenceMs);
    this.trail = new EvidenceTrail(desk, this.records);
    this.approvals = new Approvals(desk);
    setHandler(progressQuery, () => this.progress);
    setHandler(revokedUpdate, () => this.#revoked());
    onCancelRequest(() => this.#cancel());
  }

  carriedOver(step: number, watchesLeft: number, cleanSinceMs: number | null): Carried {
    return {
      ...{ step, watchesLeft, ...(cleanSinceMs === null ? {} : { cleanSinceMs }) },
      liveSinceMs: this.liveSinceMs,
      questions: this.questions,
      size: this.progress.size,
      shown: [...this.#shown],
      ...(this.cancelled ? { cancelled: true } : {}),
    };
  }

  /**
   * With real money in use, trading and the watch go on and the size never grows again. Before that, the attempt ends.
   */
  #cancel(): void {
    if (OVER.has(this.progress.phase)) return;
    this.cancelled = true;
    const isLive = this.progress.size !== null || this.isGranting;
    const text = isLive
      ? `${CANCELLED_LIVE} To end it: fermata go-live --revoke, or stop the desk.`
      : 'Nothing was armed: the attempt ends as refused.';
    const finding = {
      verdict: 'warn',
      observed: `${CANCEL_ASKED}. ${text}`,
      expected: 'every step taken',
    } as const;
    this.record('cancelled', 'Cancelled', finding, Date.now());
    const { desk } = this.input;
    const severity = isLive ? 'critical' : 'warning';
    tellCancelled(this.trail, this.records, {
      desk,
      what: 'going live',
      severity,
      text,
      about: 'watched-on',
    });
    this.approvals.withdraw(`cancelled: ${CANCEL_ASKED}`);
  }

  /**
   * Only the trader says whether a permission is in force. Before anything was asked of it, the attempt ends and its
   * question is withdrawn.
   */
  #revoked(): void {
    if (OVER.has(this.progress.phase)) return;
    this.looksNow = true;
    if (this.progress.size !== null || this.isGranting) return;
    this.cancelled = true;
    this.cancelledWhy = REVOKED;
    this.approvals.withdraw(REVOKED);
  }

  /** For a run that was reset while live: it is watched, as after a cancel, and people are told. */
  async goesOnLive(size: SizePlan, why: string): Promise<void> {
    this.cancelled = true;
    this.approved = null;
    this.liveSinceMs = Date.now();
    this.progress = { ...this.progress, size };
    const text = `It was begun anew while it was live (${why}). ${CANCELLED_LIVE} To end it: fermata go-live --revoke, or stop the desk.`;
    const finding = { verdict: 'warn', observed: text, expected: 'begun once' } as const;
    this.record('live-before', 'Live before', finding, Date.now());
    this.tellPeople('live-before', 'going live was begun anew while it was live', text);
    await this.#sayLive(text);
  }

  /** From here on the desk trades real money: whatever Postgres does, it is watched at once. */
  async goesLive(size: SizePlan): Promise<void> {
    this.liveSinceMs = Date.now();
    this.progress = { ...this.progress, size };
    await this.#sayLive(`${size.maxPositionSizePct} %, ${size.maxConcurrentPositions} positions`);
  }

  async #sayLive(detail: string): Promise<void> {
    const said = this.calls.moveGoLive(this.input, 'live', detail.slice(0, 1000));
    if (patched(WATCHED_AT_ONCE)) this.trail.keep('saying that it is live', said);
    else await said;
  }

  /**
   * For a larger size that a fault prevented from being asked for or granted: the desk is watched, as after a
   * cancel.
   */
  neverGrows(why: string): void {
    this.cancelled = true;
    this.approved = null;
    const text = `The larger size is not in force, as far as is known: ${why}. ${CANCELLED_LIVE} A larger size takes another go-live, from the first size on: fermata go-live --revoke, then fermata go-live.`;
    this.record(
      'larger-size',
      'A larger size',
      { verdict: 'warn', observed: text, expected: 'granted' },
      Date.now(),
    );
    this.tellPeople('larger-size', 'a larger size could not be asked for, or granted', text);
  }

  /** Sent at once; the run waits for it only at its end. */
  tellPeople(what: string, title: string, text: string, isLive = true): void {
    const { desk } = this.input;
    const { workflowId, runId } = workflowInfo();
    const told = this.records.notify.executeWithOptions({ summary: `Tell people: ${title}` }, [
      woken('watched-on', {
        desk,
        severity: isLive ? 'critical' : 'warning',
        title: `${desk}: ${title}`,
        text: `${workflowId}: ${text}`,
        fingerprint: `${what}:${workflowId}:${runId}`,
      }),
    ]);
    this.trail.keep(`telling: ${title}`, told);
  }

  /** A cancelled run never grows: no hours begin that a larger size could wait for. */
  towards(next: NextSize | undefined, hours: CleanHours): void {
    const { progress, cancelled } = this;
    const nextAtMs = cancelled && progress.phase === 'ramp' ? null : progress.nextAtMs;
    this.progress = { ...progress, nextAtMs, next: next && !cancelled ? { ...next, ...hours } : null };
  }

  show(phase: GoLiveProgress['phase'], detail: string, nextAtMs: number | null = null): void {
    this.progress = { ...this.progress, phase, detail, nextAtMs };
    showPhase(`Going live, ${phase}`, [detail, ...this.#shown]);
  }

  record(
    stepKey: string,
    name: string,
    { verdict, observed, expected }: Finding,
    startedMs: number,
    person: string | null = null,
  ): void {
    this.#shown.push(stepLine(name, verdict, observed).slice(0, LINE_MAX));
    this.#shown.splice(0, this.#shown.length - SHOWN_MAX);
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
