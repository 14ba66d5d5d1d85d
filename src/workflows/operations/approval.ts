/**
 * Asks people for an approval; any workflow can use it. It asks, reminds, escalates, takes one vote per person as the
 * update `vote`, and answers once enough people agreed, one refused, or time ran out. Only votes that were signed where
 * the person is signed in count, so access to Temporal doesn't make anybody an approver.
 */
import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineUpdate,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  APPROVAL_MESSAGES,
  type ApprovalOpened,
  type ApprovalOutcome,
  type ApprovalProgress,
  type ApprovalRequest,
  type OpenApproval,
  type Vote,
  type VoteAnswer,
  votedAlready,
} from '../../contracts/approval.js';
import type { FailureName } from '../../contracts/queues.js';
import type { Decision } from '../../domain/decision.js';
import { causeOf } from '../../domain/message-of.js';
import { isUnsealed } from '../../domain/unsealed.js';
import { approvalCalls } from './operations-calls.js';

/** In runs that began before this patch, an approval closes while a refusal is being verified, which then is too late. */
const REFUSAL_COMES_FIRST = 'an-approval-waits-for-a-refusal-under-verification';
const VOTE_REFUSED = 'VoteRefused' satisfies FailureName;
const voteUpdate = defineUpdate<VoteAnswer, [Vote]>(APPROVAL_MESSAGES.vote);
const approvalsQuery = defineQuery<readonly ApprovalProgress[]>(APPROVAL_MESSAGES.approvals);

export class Approvals {
  readonly #waiting = new Map<string, Waiting>();
  /** Votes under verification, by `<approval>:<person>`. */
  readonly #verifying = new Map<string, { readonly waiting: Waiting; readonly choice: Decision['choice'] }>();
  /** Number of questions that people may already see before this run knows that they are open; votes on them wait. */
  #opening = 0;
  #withdrawn: string | null = null;
  readonly #calls;

  /**
   * `carried`: what `carriedOver` returned in the run before. Use one instance per workflow, because it registers the
   * update `vote`.
   */
  constructor(
    private readonly desk: string,
    carried: readonly OpenApproval[] = [],
  ) {
    this.#calls = approvalCalls(desk);
    for (const open of carried)
      this.#waiting.set(open.id, { ...open, votes: [...open.votes], closed: false });
    setHandler(approvalsQuery, () => [...this.#waiting.values()].map(progressOf));
    setHandler(voteUpdate, (vote) => this.#take(vote), { validator: (vote) => this.#refuseUnfit(vote) });
  }

  /** For continue-as-new: the next run asks with the same ids and already has the votes. */
  carriedOver(): readonly OpenApproval[] {
    return [...this.#waiting.values()]
      .filter(({ closed }) => !closed)
      .map(({ closed: _closed, ...open }) => open);
  }

  /**
   * Resolves with the question's outcome; people are told at its start and end. Rejects if Postgres stays
   * down. `overtaken`: returns why only this question is withdrawn, or null while it stands. `answerMs`: when
   * it closes, if votes must stay valid for longer (wall milliseconds).
   */
  async ask(
    request: ApprovalRequest,
    overtaken: () => string | null = () => null,
    answerMs = Number.POSITIVE_INFINITY,
  ): Promise<ApprovalOutcome> {
    const opened = await this.#open(request);
    if (opened.state !== 'open') {
      // After Temporal's database was restored, a run may repeat a question that is already decided; that
      // decision has been used.
      return { state: 'withdrawn', detail: `it was ${opened.state} before`, votes: [] };
    }
    const { waiting } = opened;
    const withdrawn = () => this.#withdrawn ?? overtaken();
    const isOver = () => isDecided(waiting) || withdrawn() !== null;
    const untilMs = Math.min(waiting.expiresMs, answerMs);
    while (!isOver() && Date.now() < untilMs) {
      const leftMs = Math.max(1, untilMs - Date.now());
      await condition(isOver, Math.min(leftMs, nextPauseMs(request, waiting, opened.createdMs)));
      if (!isOver() && Date.now() < untilMs) await this.#press(request, waiting, opened.createdMs);
    }
    return this.#close(request, waiting, withdrawn());
  }

  async #open(request: ApprovalRequest): Promise<ApprovalOpened & { readonly waiting: Waiting }> {
    const { firstExecutionRunId, workflowId } = workflowInfo();
    this.#opening += 1;
    try {
      const opened = await this.#calls.requestApproval.executeWithOptions(
        { summary: `Ask: ${request.title}`.slice(0, 200) },
        [request, { workflowId, runId: firstExecutionRunId }],
      );
      const waiting = this.#waiting.get(request.id) ?? {
        id: request.id,
        decisionSubject: opened.decisionSubject,
        needed: request.needed,
        expiresMs: opened.expiresMs,
        ...(request.people === undefined ? {} : { people: request.people }),
        reminders: 0,
        escalated: false,
        votes: [...(opened.votes ?? [])],
        closed: false,
      };
      if (opened.state === 'open') this.#waiting.set(request.id, waiting);
      return { ...opened, waiting };
    } finally {
      this.#opening -= 1;
    }
  }

  /** Withdraws every open and future question, because their subject is over. Decided questions stay decided. */
  withdraw(why: string): void {
    this.#withdrawn = why;
  }

  /**
   * Withdraws a question from before this run was reset, which the run doesn't ask again, so that nobody waits for it,
   * and each time that it was asked again. A question that was never asked or is decided stays as it is.
   */
  async withdrawEarlier({ id, title }: Pick<ApprovalRequest, 'id' | 'title'>, detail: string): Promise<void> {
    const { desk } = this;
    const runId = workflowInfo().firstExecutionRunId;
    await this.#calls.closeApproval.executeWithOptions({ summary: `Withdraw: ${title}`.slice(0, 200) }, [
      { id, desk, title, runId, state: 'withdrawn', detail, votes: [], withAgain: true },
    ]);
  }

  /** Marks an approved question as superseded, because what was approved can't be carried out any more. */
  async supersede({ id }: Pick<ApprovalRequest, 'id'>, detail: string): Promise<void> {
    const { desk } = this;
    await this.#calls.supersedeApproval.executeWithOptions({ summary: 'Overtaken by another change' }, [
      { id, desk, runId: workflowInfo().firstExecutionRunId, detail },
    ]);
  }

  async #close(
    request: ApprovalRequest,
    waiting: Waiting,
    withdrawn: string | null,
  ): Promise<ApprovalOutcome> {
    // Votes still under verification are too late; from here on the validator refuses new ones.
    waiting.closed = true;
    const outcome: ApprovalOutcome =
      withdrawn === null || isDecided(waiting)
        ? outcomeOf(waiting)
        : { state: 'withdrawn', detail: withdrawn, votes: waiting.votes };
    const closed = await this.#calls.closeApproval.executeWithOptions(
      { summary: outcome.detail.slice(0, 200) },
      [
        {
          id: request.id,
          desk: this.desk,
          title: request.title,
          runId: workflowInfo().firstExecutionRunId,
          ...outcome,
        },
      ],
    );
    return closed ? outcome : { state: 'withdrawn', detail: 'it was closed elsewhere', votes: [] };
  }

  /** Reminds, or escalates once. While Postgres is down nobody hears it, which doesn't affect the vote. */
  async #press(request: ApprovalRequest, waiting: Waiting, createdMs: number): Promise<void> {
    const pressing = takePressing(request, waiting, createdMs);
    await this.#calls.remindOfApproval
      .executeWithOptions({ summary: pressing.escalates ? 'Escalate' : 'Remind' }, [
        { id: request.id, desk: this.desk, ...pressing },
      ])
      .catch(() => {});
  }

  /** Refuses a vote that is visibly invalid. Synchronous, and before anything is recorded. */
  #refuseUnfit(vote: Vote): void {
    if (isUnsealed(vote)) throw new Error('a vote in plain text counts for nothing');
    const decision = vote?.decision;
    if (typeof decision?.subject !== 'string') throw new Error('expected a signed decision');
    if (this.#find(decision) === undefined && this.#opening > 0) return;
    this.#fitting(vote);
  }

  #find({ subject }: Decision): Waiting | undefined {
    return [...this.#waiting.values()].find(({ decisionSubject }) => decisionSubject === subject);
  }

  #fitting({ decision, again }: Vote): Waiting {
    const found = this.#find(decision);
    if (!found) throw new Error('no such approval waits here: it may have been changed or withdrawn');
    if (found.closed || isDecided(found)) throw new Error('it is decided already');
    if (decision.desk !== this.desk) throw new Error(`this is the desk ${this.desk}`);
    if (decision.choice !== 'approve' && decision.choice !== 'reject')
      throw new Error('expected the choice "approve" or "reject"');
    const nowMs = Date.now();
    if (!(found.expiresMs > nowMs)) throw new Error('the approval has expired');
    if (!(decision.expiresWallMs > nowMs)) throw new Error('the vote has expired');
    if (found.people !== undefined && !found.people.includes(decision.person))
      throw new Error(`the desk file does not name ${decision.person} for this`);
    const voted =
      (again !== true && found.votes.some(({ person }) => person === decision.person)) ||
      this.#verifying.has(keyOf(found, decision));
    if (voted) throw new Error(votedAlready(decision.person));
    return found;
  }

  /** From here on the person has voted. Repeats the checks, for a vote that had to wait. */
  #claim(vote: Vote): Waiting {
    const { decision } = vote;
    try {
      const waiting = this.#fitting(vote);
      this.#verifying.set(keyOf(waiting, decision), { waiting, choice: decision.choice });
      return waiting;
    } catch (error) {
      throw ApplicationFailure.nonRetryable(causeOf(error), VOTE_REFUSED);
    }
  }

  /** Verifies the vote where the key is, stores it in Postgres, and only then counts it. */
  async #take(vote: Vote): Promise<VoteAnswer> {
    const { decision, reason } = vote;
    // A person can tap the button before the activity that showed it has returned.
    if (this.#find(decision) === undefined)
      await condition(() => this.#find(decision) !== undefined || this.#opening === 0);
    const waiting = this.#claim(vote);
    const { atWallMs } = decision;
    const answer = (counted: boolean, detail: string): VoteAnswer => ({
      ...progressOf(waiting),
      ...{ counted, detail, atWallMs },
    });
    let ended: readonly string[];
    try {
      // Builds of before answered nothing.
      ended =
        (await this.#calls.recordApprovalVote.executeWithOptions(
          { summary: `${decision.person}: ${decision.choice}` },
          [{ approvalId: waiting.id, decision, reason }],
        )) ?? [];
    } catch (error) {
      this.#verifying.delete(keyOf(waiting, decision));
      return answer(false, causeOf(error));
    }
    if (decision.choice === 'approve' && this.#isRefusing(waiting) && patched(REFUSAL_COMES_FIRST))
      await condition(() => !this.#isRefusing(waiting));
    this.#verifying.delete(keyOf(waiting, decision));
    if (decision.choice === 'approve' && isRefused(waiting)) return answer(false, outcomeOf(waiting).detail);
    if (waiting.closed) return answer(false, 'it was closed meanwhile');
    // Only these votes: the trader would refuse all of them for one that counts no more.
    const former = [...ended, decision.person];
    waiting.votes = [...waiting.votes.filter(({ person }) => !former.includes(person)), decision];
    return answer(true, `${outcomeOf(waiting).detail}${endedText(ended)}`);
  }

  #isRefusing(asked: Waiting): boolean {
    return [...this.#verifying.values()].some(
      ({ waiting, choice }) => waiting === asked && choice === 'reject',
    );
  }
}

/** Of people who were removed after they had decided. */
export const endedText = (people: readonly string[]): string =>
  people.length === 0 ? '' : `; that of ${people.join(' and ')} counts no more: removed since`;

const keyOf = ({ id }: Waiting, { person }: Decision): string => `${id}:${person}`;

export interface Waiting extends OpenApproval {
  votes: Decision[];
  closed: boolean;
}

export function isDecided(waiting: Pick<OpenApproval, 'votes' | 'needed'>): boolean {
  return isRefused(waiting) || waiting.votes.length >= waiting.needed;
}

const isRefused = ({ votes }: Pick<OpenApproval, 'votes'>): boolean =>
  votes.some(({ choice }) => choice === 'reject');

/** One refusal decides; approvals are counted. */
function outcomeOf(waiting: Waiting): ApprovalOutcome {
  const { votes, needed } = waiting;
  const names = votes.map(({ person }) => person);
  const refused = votes.find(({ choice }) => choice === 'reject');
  if (refused) return { state: 'rejected', detail: `rejected by ${refused.person}`, votes };
  if (votes.length >= needed)
    return { state: 'approved', detail: `approved by ${names.join(' and ')}`, votes };
  const have = `${votes.length} of ${needed} approvals${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
  return { state: 'expired', detail: have, votes };
}

function progressOf(waiting: Waiting): ApprovalProgress {
  return {
    id: waiting.id,
    needed: waiting.needed,
    approvedBy: waiting.votes.filter(({ choice }) => choice === 'approve').map(({ person }) => person),
    rejectedBy: waiting.votes.filter(({ choice }) => choice === 'reject').map(({ person }) => person),
    expiresMs: waiting.expiresMs,
  };
}

/**
 * Returns what is due now and marks it as sent. Reminders missed while a worker was down are sent once; an escalation
 * replaces the reminders before it.
 */
export function takePressing(
  { remindEveryMs, escalateAfterMs }: ApprovalRequest,
  waiting: Waiting,
  createdMs: number,
): { readonly escalates: boolean; readonly key: string } {
  const askedForMs = Date.now() - createdMs;
  const escalates = escalateAfterMs !== null && !waiting.escalated && askedForMs >= escalateAfterMs;
  const remindersDue = remindEveryMs === null ? 0 : Math.floor(askedForMs / remindEveryMs);
  waiting.reminders = Math.max(remindersDue, waiting.reminders + (escalates ? 0 : 1));
  if (escalates) waiting.escalated = true;
  return { escalates, key: escalates ? 'escalation' : `reminder-${waiting.reminders}` };
}

/** Milliseconds until the next reminder, the escalation or the end, whichever comes first. */
export function nextPauseMs(request: ApprovalRequest, waiting: Waiting, createdMs: number): number {
  const due = [waiting.expiresMs];
  if (request.remindEveryMs !== null) due.push(createdMs + request.remindEveryMs * (waiting.reminders + 1));
  if (request.escalateAfterMs !== null && !waiting.escalated) due.push(createdMs + request.escalateAfterMs);
  return Math.max(1, Math.min(...due) - Date.now());
}
