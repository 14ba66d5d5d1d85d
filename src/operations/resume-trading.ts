import { WithStartWorkflowOperation } from '@temporalio/client';
import { resumptionId } from '../contracts/queues.js';
import {
  type DecisionOutcome,
  RESUMPTION_MESSAGES,
  type ResumptionProgress,
} from '../contracts/resumption.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Decision } from '../domain/decision.js';
import { causeOf } from '../domain/message-of.js';
import { moment } from '../domain/moment.js';
import { NO_REASON, reasonOf } from '../domain/plain-text.js';
import { pollUntil } from '../home/try-again.js';
import { whatTwinsDid } from '../reports/paper-twins.js';
import { TemporalUnavailable } from '../temporal/open-temporal.js';
import { resumptionStart } from '../temporal/start-runs.js';
import { readStatus } from '../trader/read-status.js';
import {
  type Caller,
  type EmergencyRequest,
  notDone,
  type OperationContext,
  type OperationResult,
  TO_DO,
} from './operation.js';
import { askForReason, audited, recordAudit, whyNotAudited } from './record-audit.js';
import { signAs } from './sign-as.js';

export interface ResumeRequest extends EmergencyRequest {
  /** Position size to go on with, in percent of the full size; absent: unchanged. */
  readonly sizePct?: number | undefined;
  /**
   * If this lifts a kill or raises the size with real money: signature over `statementToSign`, made with the
   * person's own key.
   */
  readonly signature?: string | undefined;
  /** First digits of the halt that the person was shown: no other one is lifted. Absent: the one in force. */
  readonly halt?: string | undefined;
}

/** Leaves time for the checks. */
const DECISION_VALID_MS = 10 * 60_000;
/** The workflow itself answers within its `decisionWaitMs`. */
const UPDATE_MS = 60_000;
const PROOF_MS = 5_000;
const LOOK_MS = 3_000;
const POLL_MS = 100;

/**
 * A person decides that the desk may trade again. The resumption procedure checks everything first and arms by quoting
 * the trader's halt id. Without Temporal there is no procedure and so no resumption.
 */
export async function resumeTrading(
  context: OperationContext,
  caller: Caller,
  request: ResumeRequest,
): Promise<OperationResult> {
  const status = await readStatus(context).catch((error: unknown) => causeOf(error));
  if (typeof status === 'string') {
    return notDone(`The trader does not answer (${status}). Nothing was changed. Look at fermata status.`);
  }
  const { haltId } = status;
  const refusedWith = (refused: OperationResult): Promise<OperationResult> =>
    audited(
      context,
      caller,
      {
        action: 'resume',
        parameters: {
          reason: reasonOf(request.reason) ?? NO_REASON,
          haltId: request.halt ?? haltId,
          ...sizeOf(request.sizePct),
        },
      },
      refused,
    );
  if (isAtOtherSize(status, request)) return refusedWith(tradesAtOtherSize(status, request));
  if (status.mode === 'ACTIVE' || haltId === null) {
    return { ...notDone('The desk is trading already.'), ok: true, proven: status.mode === 'ACTIVE' };
  }
  if (request.halt !== undefined && !haltId.startsWith(request.halt)) {
    const detail =
      'The desk was halted anew since. Nothing was changed. Look at the new reason, then resume again.';
    return refusedWith(notDone(detail, haltId));
  }
  const reason = reasonOf(request.reason);
  const twins = await whatTwinsDid(context.runtime, status, context.nowMs());
  const asked = {
    action: 'resume' as const,
    parameters: {
      reason: reason ?? NO_REASON,
      haltId,
      ...sizeOf(request.sizePct),
      ...(twins.length === 0 ? {} : { twins }),
    },
  };
  const refused = await whyNotAudited(context, caller, asked);
  if (refused !== null) return notDone(refused, haltId);
  const decisionId = request.commandId ?? context.newId();
  const sign = (id: string): Decision =>
    signAs(context, caller, {
      decisionId: id,
      choice: 'resume',
      subject: haltId,
      expiresWallMs: context.nowMs() + DECISION_VALID_MS,
      ...sizeOf(request.sizePct),
      ...(reason === null ? {} : { reason }),
      signature: request.signature,
    });
  const { decision, outcome } = await decideNow(context, status, sign, decisionId);
  // Somebody may have armed the desk meanwhile: the trader's state now is what counts.
  const standing = await standingAfter(context, outcome.armed ? PROOF_MS : 0);
  const proven = standing?.mode === 'ACTIVE';
  const audit = await recordAudit(context, caller, {
    ...asked,
    outcome: outcome.armed ? 'armed' : outcome.detail,
  });
  // Who named no size decided on the one in force.
  const meant = outcome.armed ? { ...request, sizePct: request.sizePct ?? status.sizePct } : request;
  const isAtOther = standing !== null && isAtOtherSize(standing, meant);
  if (isAtOther && !outcome.armed)
    return { ...tradesAtOtherSize(standing, request), problems: audit === null ? [] : [audit] };
  const isHaltedAnew = outcome.armed && standing !== null && !proven;
  const happened = isHaltedAnew ? haltedAnew(outcome.detail, standing) : outcome.detail;
  const detail = outcome.checking === true && !proven ? stillCounts(happened, decision) : happened;
  const unexplained = { did: 'resumed trading', commandId: decisionId, reason: request.reason };
  return askForReason(context, caller, unexplained, {
    ok: outcome.armed || proven || outcome.checking === true,
    proven,
    detail: isAtOther ? `${detail}${smallestCounts(standing)}` : detail,
    haltId,
    workflowId: outcome.workflowId,
    problems: audit === null ? [] : [audit],
  });
}

/** Not a refusal: whoever reads it as one would leave the desk that trades a moment later. */
const stillCounts = (detail: string, { expiresWallMs }: Decision): string =>
  `The desk does not trade yet (${detail}). The decision counts until ${moment(expiresWallMs)}, and the desk trades as ` +
  'soon as nothing is in the way. Decide again to change the size. Stop it if you don’t want that.';

const mayCount = (why: string, { expiresWallMs }: Decision): string =>
  `Whether the decision counts is not known: ${why}. If it does, it counts until ${moment(expiresWallMs)}, and the desk ` +
  'trades as soon as nothing is in the way. Stop it if you don’t want that.';

type Decided = DecisionOutcome & { readonly workflowId: string | null };

/** Temporal gives the answer to an earlier decision of this id again: what did not arm then, may arm now. */
async function decideNow(
  context: OperationContext,
  status: TraderStatus,
  sign: (id: string) => Decision,
  id: string,
): Promise<{ readonly decision: Decision; readonly outcome: Decided }> {
  const decision = sign(id);
  const outcome = await decide(context, status, decision);
  if (outcome.armed || outcome.workflowId === null || outcome.atWallMs === decision.atWallMs)
    return { decision, outcome };
  const anew = sign(`${id}:${context.newId()}`);
  return { decision: anew, outcome: await decide(context, status, anew) };
}

async function decide(context: OperationContext, status: TraderStatus, decision: Decision): Promise<Decided> {
  const start = resumptionStart(context.desk, decision.subject, status);
  try {
    const outcome = await context.temporal.within(UPDATE_MS, (client) =>
      client.workflow.executeUpdateWithStart<
        (...args: typeof start.args) => Promise<unknown>,
        DecisionOutcome,
        [Decision]
      >(RESUMPTION_MESSAGES.decide, {
        args: [decision],
        updateId: decision.decisionId,
        startWorkflowOperation: new WithStartWorkflowOperation('resumption', start),
      }),
    );
    return { ...outcome, workflowId: start.workflowId };
  } catch (error) {
    if (error instanceof TemporalUnavailable)
      return {
        ...{ armed: false, atWallMs: decision.atWallMs, workflowId: start.workflowId },
        detail: mayCount(error.message, decision),
      };
    const detail = `The desk stays as it is: ${causeOf(error)}. Stop and close-all work in any case.`;
    return { armed: false, detail, workflowId: null };
  }
}

/** Somebody's decision to resume that waits for another person's. */
export interface ResumeDecided {
  readonly person: string;
  /** Null: the size in force. */
  readonly sizePct: number | null;
  /** Null: not known, of a run of an earlier build. */
  readonly untilWallMs: number | null;
}

/**
 * Who has decided to resume from the halt in force, at which size, and how long it counts. Empty if nobody has, or if
 * it can't be read: it never holds up a decision.
 */
export async function readDecided(context: OperationContext): Promise<readonly ResumeDecided[]> {
  try {
    const { haltId } = await readStatus(context);
    if (haltId === null) return [];
    const progress = await context.temporal.within(LOOK_MS, (client) =>
      client.workflow
        .getHandle(resumptionId(context.desk.desk, haltId))
        .query<ResumptionProgress>(RESUMPTION_MESSAGES.progress),
    );
    if (progress.state !== 'waiting') return [];
    // The run looks at its clock only when it does something: it may still list what has expired.
    return (progress.decisions ?? [])
      .filter(({ expiresWallMs = Number.POSITIVE_INFINITY }) => expiresWallMs > context.nowMs())
      .map(({ person, sizePct = null, expiresWallMs = null }) => ({
        ...{ person, sizePct, untilWallMs: expiresWallMs },
      }));
  } catch {
    return [];
  }
}

/** A line for each of them, for the next person who is asked, whose own decision would replace an earlier one. */
export async function whoDecided(context: OperationContext, asked: string): Promise<readonly string[]> {
  const others = (await readDecided(context)).filter(({ person }) => person !== asked);
  return others.map(
    ({ person, sizePct, untilWallMs }) =>
      `${person} has decided to resume at ${sizePct === null ? 'the position size as it is' : `${sizePct} % of the full position size`}${untilWallMs === null ? '' : `, which counts until ${moment(untilWallMs)}`}. The smallest counts.`,
  );
}

const sizeOf = (sizePct: number | undefined): { sizePct?: number } =>
  sizePct === undefined ? {} : { sizePct };

type Standing = Pick<TraderStatus, 'mode' | 'reason' | 'sizePct' | 'haltId'>;

/** A limit that is still exceeded halts in the moment in which it is looked at again. */
const haltedAnew = (detail: string, { mode, reason }: Standing): string =>
  `${detail}; then halted anew: the desk is ${mode}: ${reason}`;

/** Another decision armed it, so this one's size was not applied. */
const isAtOtherSize = ({ mode, sizePct }: Standing, asked: ResumeRequest): boolean =>
  mode === 'ACTIVE' && asked.sizePct !== undefined && asked.sizePct !== sizePct;

const tradesAtOtherSize = ({ sizePct, haltId }: Standing, asked: ResumeRequest): OperationResult =>
  notDone(
    `The desk trades already, at ${sizePct} % of its position size. The size was not changed.${TO_DO}change it: ` +
      `fermata size ${asked.sizePct} (POST /api/size).`,
    haltId,
  );

const smallestCounts = ({ sizePct }: Standing): string =>
  `, at ${sizePct} % of its position size: the smallest that somebody decided on counts`;

/** As soon as it trades, at the latest after `patienceMs`. Null: the trader does not answer. */
async function standingAfter(context: OperationContext, patienceMs: number): Promise<Standing | null> {
  const read = () => readStatus(context).catch(() => null);
  const times = { withinMs: patienceMs, everyMs: POLL_MS };
  return pollUntil<Standing | null>(read, (standing) => standing?.mode === 'ACTIVE', times);
}
