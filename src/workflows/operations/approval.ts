/**
 * People decide: a piece that any workflow uses. It asks, reminds, escalates, takes one vote a person as the update
 * `vote`, and answers when enough of them agreed, one refused, or time ran out. Only votes that were signed where the
 * person was signed in count; whoever reaches Temporal is not thereby an approver.
 */
import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineUpdate,
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
} from '../../contracts/approval.js';
import type { FailureName } from '../../contracts/failure-names.js';
import { causeOf } from '../../domain/cause-of.js';
import type { Decision } from '../../domain/decision.js';
import { isUnsealed } from '../../domain/unsealed.js';
import {
  isDecided,
  nextPauseMs,
  outcomeOf,
  progressOf,
  takePressing,
  type Waiting,
} from './approval-state.js';
import { approvalCalls } from './operations-calls.js';

const VOTE_REFUSED = 'VoteRefused' satisfies FailureName;
const voteUpdate = defineUpdate<VoteAnswer, [Vote]>(APPROVAL_MESSAGES.vote);
const approvalsQuery = defineQuery<readonly ApprovalProgress[]>(APPROVAL_MESSAGES.approvals);

export class Approvals {
  private readonly waiting = new Map<string, Waiting>();
  /** Votes that are being verified: `<approval>:<person>`. */
  private readonly verifying = new Set<string>();
  /** Questions that people may see already while this run has not heard of it: their votes wait. */
  private opening = 0;
  private withdrawn: string | null = null;
  private readonly calls;

  /** `carried`: what `carriedOver` gave to the run before. One instance a workflow: it takes the update `vote`. */
  constructor(
    private readonly desk: string,
    carried: readonly OpenApproval[] = [],
  ) {
    this.calls = approvalCalls(desk);
    for (const open of carried) this.waiting.set(open.id, { ...open, votes: [...open.votes], closed: false });
    setHandler(approvalsQuery, () => [...this.waiting.values()].map(progressOf));
    setHandler(voteUpdate, (vote) => this.take(vote), { validator: (vote) => this.refuseUnfit(vote) });
  }

  /** For continue-as-new: the next run asks with the same ids and has the votes already. */
  carriedOver(): readonly OpenApproval[] {
    return [...this.waiting.values()]
      .filter(({ closed }) => !closed)
      .map(({ closed: _closed, ...open }) => open);
  }

  /**
   * Resolves with how it ended; people were told before and after. Rejects where Postgres stays away. `overtaken`: why this
   * question alone is withdrawn; null as long as it stands.
   */
  async ask(request: ApprovalRequest, overtaken: () => string | null = () => null): Promise<ApprovalOutcome> {
    const opened = await this.open(request);
    if (opened.state !== 'open') {
      // A database of Temporal's that was set back asks what was decided already: that decision is used up.
      return { state: 'withdrawn', detail: `it was ${opened.state} before`, votes: [] };
    }
    const { waiting } = opened;
    const withdrawn = () => this.withdrawn ?? overtaken();
    const isOver = () => isDecided(waiting) || withdrawn() !== null;
    while (!isOver() && Date.now() < waiting.expiresMs) {
      await condition(isOver, nextPauseMs(request, waiting, opened.createdMs));
      if (!isOver() && Date.now() < waiting.expiresMs) await this.press(request, waiting, opened.createdMs);
    }
    return this.close(request, waiting, withdrawn());
  }

  private async open(request: ApprovalRequest): Promise<ApprovalOpened & { readonly waiting: Waiting }> {
    const { firstExecutionRunId, workflowId } = workflowInfo();
    this.opening += 1;
    try {
      const opened = await this.calls.requestApproval.executeWithOptions(
        { summary: `Ask: ${request.title}`.slice(0, 200) },
        [request, { workflowId, runId: firstExecutionRunId }],
      );
      const waiting = this.waiting.get(request.id) ?? {
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
      if (opened.state === 'open') this.waiting.set(request.id, waiting);
      return { ...opened, waiting };
    } finally {
      this.opening -= 1;
    }
  }

  /** Nothing that is asked, or will be, counts any more: what it was about is over. What was decided stays so. */
  withdraw(why: string): void {
    this.withdrawn = why;
  }

  /**
   * Asked before this run was begun anew, which does not ask it again: nobody waits for it. What was never asked, or is
   * decided, stays as it is.
   */
  async withdrawEarlier({ id, title }: Pick<ApprovalRequest, 'id' | 'title'>, detail: string): Promise<void> {
    const { desk } = this;
    const runId = workflowInfo().firstExecutionRunId;
    await this.calls.closeApproval.executeWithOptions({ summary: `Withdraw: ${title}`.slice(0, 200) }, [
      { id, desk, title, runId, state: 'withdrawn', detail, votes: [] },
    ]);
  }

  /** What was approved can't be carried out any more: it ends as that, and not as approved. */
  async supersede({ id }: Pick<ApprovalRequest, 'id'>, detail: string): Promise<void> {
    const { desk } = this;
    await this.calls.supersedeApproval.executeWithOptions({ summary: 'Overtaken by another change' }, [
      { id, desk, runId: workflowInfo().firstExecutionRunId, detail },
    ]);
  }

  private async close(
    request: ApprovalRequest,
    waiting: Waiting,
    withdrawn: string | null,
  ): Promise<ApprovalOutcome> {
    // Votes that are being verified now would come too late; from here on the validator refuses.
    waiting.closed = true;
    const outcome: ApprovalOutcome =
      withdrawn === null || isDecided(waiting)
        ? outcomeOf(waiting)
        : { state: 'withdrawn', detail: withdrawn, votes: waiting.votes };
    const closed = await this.calls.closeApproval.executeWithOptions({ summary: outcome.detail }, [
      {
        id: request.id,
        desk: this.desk,
        title: request.title,
        runId: workflowInfo().firstExecutionRunId,
        ...outcome,
      },
    ]);
    return closed ? outcome : { state: 'withdrawn', detail: 'it was closed elsewhere', votes: [] };
  }

  /** Reminds, or escalates once. Nobody hears of it while Postgres is away: that changes nothing about the vote. */
  private async press(request: ApprovalRequest, waiting: Waiting, createdMs: number): Promise<void> {
    const pressing = takePressing(request, waiting, createdMs);
    await this.calls.remindOfApproval
      .executeWithOptions({ summary: pressing.escalates ? 'Escalate' : 'Remind' }, [
        { id: request.id, desk: this.desk, ...pressing },
      ])
      .catch(() => {});
  }

  /** Synchronous, and before anything is recorded: what is wrong with a vote on its face. */
  private refuseUnfit(vote: Vote): void {
    if (isUnsealed(vote)) throw new Error('a vote in plain text counts for nothing');
    const decision = vote?.decision;
    if (typeof decision?.subject !== 'string') throw new Error('expected a signed decision');
    if (this.find(decision) === undefined && this.opening > 0) return;
    this.fitting(decision);
  }

  private find({ subject }: Decision): Waiting | undefined {
    return [...this.waiting.values()].find(({ decisionSubject }) => decisionSubject === subject);
  }

  private fitting(decision: Decision): Waiting {
    const found = this.find(decision);
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
      found.votes.some(({ person }) => person === decision.person) ||
      this.verifying.has(keyOf(found, decision));
    if (voted) throw new Error(`${decision.person} has voted already`);
    return found;
  }

  /** From here on the person has voted; the checks again, for a vote that had to wait. */
  private claim(decision: Decision): Waiting {
    try {
      const waiting = this.fitting(decision);
      this.verifying.add(keyOf(waiting, decision));
      return waiting;
    } catch (error) {
      throw ApplicationFailure.nonRetryable(causeOf(error), VOTE_REFUSED);
    }
  }

  /** Verified where the key is, kept in Postgres, and only then counted. */
  private async take({ decision, reason }: Vote): Promise<VoteAnswer> {
    // A tap can be quicker than the answer of the activity that showed the button.
    if (this.find(decision) === undefined)
      await condition(() => this.find(decision) !== undefined || this.opening === 0);
    const waiting = this.claim(decision);
    try {
      await this.calls.recordApprovalVote.executeWithOptions(
        { summary: `${decision.person}: ${decision.choice}` },
        [{ approvalId: waiting.id, decision, reason }],
      );
    } catch (error) {
      return { ...progressOf(waiting), counted: false, detail: causeOf(error) };
    } finally {
      this.verifying.delete(keyOf(waiting, decision));
    }
    if (waiting.closed) return { ...progressOf(waiting), counted: false, detail: 'it was closed meanwhile' };
    waiting.votes.push(decision);
    return { ...progressOf(waiting), counted: true, detail: outcomeOf(waiting).detail };
  }
}

const keyOf = ({ id }: Waiting, { person }: Decision): string => `${id}:${person}`;
